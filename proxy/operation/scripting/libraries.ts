import { decodeReply, type Value } from '../../../resp/decode.js';
import { laneOf } from '../../backend/lane.js';
import type { Server } from '../../backend/server.js';
import { INTERNAL_WRITE_ROW } from '../../request.js';
import type { ClusterAccess } from '../cluster-access.js';

const FIRST_LANE = laneOf(2, 0);
/** Who calls functions that there are nowhere has the servers asked no more often than this. */
const MIN_INTERVAL_MS = 1000;

/**
 * The libraries of functions, which are to be on every server: one that lacks some, as a group that
 * was made after they had been loaded, or a server that was started anew, gets them from the others.
 */
export class Libraries {
  readonly #cluster: ClusterAccess;
  readonly #underWay = new Map<Server, Promise<boolean>>();
  /** When a server was last looked at, by performance.now(). */
  readonly #lookedAtMs = new WeakMap<Server, number>();

  constructor(cluster: ClusterAccess) {
    this.#cluster = cluster;
  }

  /** Sees to it, once, that the server has what others have. */
  async ensure(server: Server): Promise<void> {
    if (!this.#lookedAtMs.has(server) || this.#underWay.has(server)) await this.bring(server);
  }

  /** Brings the server what others have. @returns true if it has got anything */
  bring(server: Server): Promise<boolean> {
    const underWay = this.#underWay.get(server);
    if (underWay !== undefined) return underWay;
    const now = performance.now();
    const sinceMs = now - (this.#lookedAtMs.get(server) ?? Number.NEGATIVE_INFINITY);
    if (sinceMs < MIN_INTERVAL_MS) return Promise.resolve(false);
    this.#lookedAtMs.set(server, now);
    const bringing = this.#bring(server).finally(() => this.#underWay.delete(server));
    this.#underWay.set(server, bringing);
    return bringing;
  }

  async #bring(server: Server): Promise<boolean> {
    const others = this.#cluster.allMasters().filter((other) => other !== server);
    const [own, ...lists] = await Promise.all(
      [server, ...others].map((each) => this.#libraries(each)),
    );
    // Of one that cannot tell nothing is known.
    if (own === null || own === undefined) return false;
    const lacking = new Map<string, Buffer>();
    for (const list of lists) {
      for (const [name, code] of list ?? []) {
        if (!own.has(name) && !lacking.has(name)) lacking.set(name, code);
      }
    }
    const replies = await Promise.all(
      [...lacking.values()].map((code) =>
        this.#cluster.ask(server, FIRST_LANE, ['FUNCTION', 'LOAD', code], INTERNAL_WRITE_ROW),
      ),
    );
    // An error is that another proxy was quicker.
    return replies.length > 0;
  }

  /** By their names; null: the server does not say. */
  async #libraries(server: Server): Promise<ReadonlyMap<string, Buffer> | null> {
    const command = ['FUNCTION', 'LIST', 'WITHCODE'];
    const { value } = decodeReply(await this.#cluster.ask(server, FIRST_LANE, command))!;
    if (value.type !== 'array') return null;
    return new Map(value.value.flatMap(readLibrary));
  }
}

/** ['library_name', …, 'engine', …, 'functions', […], 'library_code', …] */
function readLibrary(library: Value): [name: string, code: Buffer][] {
  if (library.type !== 'array') return [];
  const field = (name: string): Buffer | null => {
    const at = library.value.findIndex((each) => each.type === 'bulk' && isText(each.value, name));
    const value = at < 0 ? undefined : library.value[at + 1];
    return value?.type === 'bulk' ? value.value : null;
  };
  const [name, code] = [field('library_name'), field('library_code')];
  return name === null || code === null ? [] : [[name.toString('latin1'), code]];
}

function isText(bytes: Buffer, text: string): boolean {
  return bytes.toString('latin1') === text;
}

const ofClusters = new WeakMap<ClusterAccess, Libraries>();

/** Those of the worker that has this access to the cluster. */
export function librariesOf(cluster: ClusterAccess): Libraries {
  let libraries = ofClusters.get(cluster);
  if (libraries === undefined) {
    libraries = new Libraries(cluster);
    ofClusters.set(cluster, libraries);
  }
  return libraries;
}
