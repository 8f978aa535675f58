import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../base/log.js';
import { replicaWitness } from '../../cluster/replica-witness.js';
import { RedisReplyError } from '../errors.js';
import type { OwnCommands } from './client-load.js';
import type { GroupMaster } from './masters.js';
import { ServerConnection } from './server-connection.js';

/** One WAIT, after which we look whether there still is a replica to wait for. */
const WAIT_MS = 250;
const REPLY_MARGIN_MS = 5_000;
/** A master that has none of its replicas may have been replaced: for so long we listen for that. */
const ALONE_MS = 1_000;
const LOOK_AGAIN_MS = 100;
/** After so long it is said that we wait. */
const SAY_AFTER_MS = 1_000;

export interface ConfirmationSettings {
  readonly password: string;
  readonly own: OwnCommands;
  readonly log: Logger;
}

/**
 * Makes sure that what a master has done outlives it: at least one replica has it, and the replica
 * that has most becomes the master when it fails.
 */
export class ReplicaConfirmation {
  readonly #settings: ConfirmationSettings;
  readonly #connections = new Map<string, ServerConnection>();
  /** Masters that have been found without any replica in touch. */
  readonly #alone = new Set<string>();

  constructor(settings: ConfirmationSettings) {
    this.#settings = settings;
  }

  /**
   * Resolves when one of the master's replicas has all that it has executed until now; at once if
   * there are none on record, and after a while if none is in touch with it. A replica that is in
   * touch and lags is waited for, however long it takes.
   *
   * @throws AbortError; RedisUnreachableError, RedisReplyError, RedisPasswordError: it is not known
   */
  async confirm({ addr, hasReplicas }: GroupMaster, signal: AbortSignal): Promise<void> {
    if (!hasReplicas) return;
    const begin = performance.now();
    let hasSaid = false;
    for (;;) {
      signal.throwIfAborted();
      const connection = await this.#connect(addr);
      if (await this.#isAtReplica(connection)) {
        this.#alone.delete(addr);
        return;
      }
      const waitedMs = performance.now() - begin;
      if (!(await this.#hasReplicaInTouch(connection))) {
        if (this.#alone.has(addr) || waitedMs > ALONE_MS) {
          this.#alone.add(addr);
          return;
        }
        await sleep(LOOK_AGAIN_MS, undefined, { signal });
      } else if (!hasSaid && waitedMs > SAY_AFTER_MS) {
        hasSaid = true;
        this.#settings.log.warn(
          { server: addr },
          'keys wait until a replica of their server has them',
        );
      }
    }
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  async #connect(addr: string): Promise<ServerConnection> {
    const known = this.#connections.get(addr);
    if (known?.isOpen) return known;
    const connection = await ServerConnection.open(addr, this.#settings.password);
    this.#connections.set(addr, connection);
    return connection;
  }

  async #isAtReplica(connection: ServerConnection): Promise<boolean> {
    const commands = replicaWitness(WAIT_MS);
    const replies = await connection.pipeline(commands, WAIT_MS + REPLY_MARGIN_MS);
    this.#settings.own.note(connection.addr, commands.length);
    const last = replies.at(-1)!;
    if (last.type === 'error') {
      throw new RedisReplyError(`the server ${connection.addr} answers: ${last.value}`);
    }
    return last.type === 'integer' && last.value > 0n;
  }

  async #hasReplicaInTouch(connection: ServerConnection): Promise<boolean> {
    const reply = await connection.call(['INFO', 'replication'], REPLY_MARGIN_MS);
    this.#settings.own.note(connection.addr, 1);
    const text = reply.type === 'bulk' || reply.type === 'verbatim' ? reply.value.toString() : '';
    return /^slave\d+:.*\bstate=online\b/m.test(text);
  }
}
