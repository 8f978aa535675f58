import type { Logger } from '../../base/log.js';
import {
  BadVersionError,
  type Handle,
  NodeExistsError,
  NoNodeError,
} from '../../cluster/coordinator/coordinator.js';
import type { Store } from '../../cluster/store.js';
import type { TopologySink } from '../router/topology-change.js';
import type { TopologyReader } from './topology-reader.js';

/**
 * A gate is opened by us after this time, whoever has forgotten it: a dashboard whose session lives on,
 * or we, who do not reach the coordinator. Longer than any promotion takes, and shorter than commands
 * may wait.
 */
const LIMIT_MS = 8_000;

interface ClosedGate {
  /** The data of its node: of this gate, and not of one that comes later. */
  readonly token: string;
  readonly timer: NodeJS.Timeout;
}

export interface GroupGatesParts {
  readonly store: Store;
  readonly sink: TopologySink;
  readonly reader: TopologyReader;
  readonly ownId: () => string;
  /** Has {@link GroupGates.follow} called soon. */
  readonly onChange: () => void;
  readonly log: Logger;
  /** Milliseconds after which a gate is opened; by default {@link LIMIT_MS}. */
  readonly limitMs?: number;
}

/**
 * Groups whose master is being exchanged by a planned promotion (`P/gate`): their commands wait, so
 * that none of them meets a server that does not take it any more. We say so in two steps, beside the
 * gate's node: `closing` when we have seen it, `closed` when nothing is under way any more.
 */
export class GroupGates {
  readonly #parts: GroupGatesParts;
  readonly #closed = new Map<number, ClosedGate>();
  /** Closed, and not said so yet. */
  readonly #unsaid = new Set<number>();
  /** Gates that were there for too long. */
  readonly #ignored = new Set<string>();
  #watch: Handle | null = null;

  constructor(parts: GroupGatesParts) {
    this.#parts = parts;
  }

  /** Puts the gates that there are now into effect. @throws CoordinatorError, or what the sink threw */
  async follow(): Promise<void> {
    const { store, sink, onChange, log } = this.#parts;
    this.#watch ??= await store.coordinator.watchChildren(store.paths.gates, onChange);
    const present = await this.#present();
    const opened = [...this.#closed].filter(([id, { token }]) => present.get(id) !== token);
    for (const [groupId, { timer }] of opened) {
      clearTimeout(timer);
      this.#closed.delete(groupId);
      this.#unsaid.delete(groupId);
    }
    const closing = [...present].filter(([id]) => !this.#closed.has(id));
    for (const [groupId, token] of closing) {
      this.#closed.set(groupId, { token, timer: this.#limit(groupId, token) });
      this.#unsaid.add(groupId);
      await this.#say(groupId, 'closing');
    }
    if (opened.length + this.#unsaid.size === 0) return;
    // The record was written before the gate was opened: nothing is sent to the former master.
    const { groups } = await this.#parts.reader.readGroups(opened.map(([groupId]) => groupId));
    await sink.apply({ slots: [], groups, gates: [...this.#closed.keys()] });
    for (const groupId of [...this.#unsaid]) {
      await this.#say(groupId, 'closed');
      this.#unsaid.delete(groupId);
    }
    for (const [groupId] of opened) {
      log.info({ group: groupId }, 'gate opened');
      await store.deleteIfPresent(store.paths.gateAnswer(groupId, this.#parts.ownId()));
    }
  }

  stop(): void {
    this.#watch?.close();
    this.#watch = null;
    for (const { timer } of this.#closed.values()) clearTimeout(timer);
  }

  /** The gates' data, by group. */
  async #present(): Promise<ReadonlyMap<number, string>> {
    const { coordinator, paths } = this.#parts.store;
    const names = await coordinator.children(paths.gates);
    const ids = names.map((name) => paths.groupIdOf(name)).filter((id) => id !== null);
    if (ids.length === 0) this.#ignored.clear();
    const nodes = await coordinator.getAll(ids.map((id) => paths.gate(id)));
    return new Map(
      nodes.flatMap((node, index) =>
        node === null || this.#ignored.has(node.data) ? [] : [[ids[index]!, node.data] as const],
      ),
    );
  }

  #limit(groupId: number, token: string): NodeJS.Timeout {
    const { log, onChange, limitMs = LIMIT_MS } = this.#parts;
    return setTimeout(() => {
      log.warn({ group: groupId }, 'a gate was closed for too long: opening it');
      this.#ignored.add(token);
      onChange();
    }, limitMs);
  }

  async #say(groupId: number, state: 'closing' | 'closed'): Promise<void> {
    const { store, ownId, log } = this.#parts;
    const { coordinator, paths } = store;
    const path = paths.gateAnswer(groupId, ownId());
    try {
      if (state === 'closed') {
        await coordinator.multi([{ type: 'set', path, data: state }]);
      } else {
        // An answer of an earlier gate, whose dashboard ended.
        await store.deleteIfPresent(path);
        await coordinator.multi([
          { type: 'check', path: paths.gate(groupId), version: 0 },
          { type: 'create', path, data: state, ephemeral: 'session' },
        ]);
      }
      log.info({ group: groupId, state }, 'gate');
    } catch (error) {
      const isTooLate =
        error instanceof NoNodeError ||
        error instanceof NodeExistsError ||
        error instanceof BadVersionError;
      if (!isTooLate) throw error;
      log.info({ group: groupId, state }, 'gate was opened before we could answer');
    }
  }
}
