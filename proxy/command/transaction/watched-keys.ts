import type { Burst } from './burst.js';

/** What a client has asked to be watched, between WATCH and EXEC. */
export interface WatchedKeys {
  /** The slot that all of them are in. */
  readonly slotId: number;

  /**
   * Has the transaction executed if none of the keys has changed, and watches nothing any more.
   *
   * @param database the one that its commands are to be executed in
   * @returns EXEC's reply: null if a key may have changed, an error if the server is lost
   */
  execute(burst: Burst, database: number): Promise<Buffer>;

  /** Nothing is to be watched any more. May be called more than once. */
  forget(): void;
}
