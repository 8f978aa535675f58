/** What we use of node-zookeeper-client 1.1.3, which comes without types. */
declare module 'node-zookeeper-client' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';

  export interface ZooKeeperException extends Error {
    readonly code: number;
  }

  export interface Stat {
    version: number;
    /** 8 bytes: the session that owns the node; zeros for a node that is not ephemeral. */
    ephemeralOwner: Buffer;
  }

  type Callback<T> = (error: ZooKeeperException | null, value: T) => void;

  /** Not part of the package's documented interface; the driver's guards need it. */
  export interface ConnectionManager {
    servers: { host: string; port: number }[];
    xid: number;
    zxid: Buffer;
    socket: Socket | undefined;
    connectTimeoutHandler: NodeJS.Timeout | null;
    connect(): void;
    onSocketData(chunk: Buffer): void;
  }

  export interface TransactionResult {
    type: number;
    /** Of a refused transaction. */
    err?: number;
    /** Of a `create`. */
    path?: string;
  }

  export interface Transaction {
    /** Not documented; see {@link ConnectionManager}. */
    readonly ops: { path: string; version?: number }[];
    create(path: string, data: Buffer, mode: number): Transaction;
    check(path: string, version: number): Transaction;
    setData(path: string, data: Buffer, version: number): Transaction;
    remove(path: string, version: number): Transaction;
    commit(
      callback: (error: ZooKeeperException | null, results?: TransactionResult[]) => void,
    ): void;
  }

  export interface Client extends EventEmitter {
    readonly connectionManager: ConnectionManager;
    connect(): void;
    close(): void;
    getSessionId(): Buffer;
    getSessionPassword(): Buffer;
    getSessionTimeout(): number;
    create(path: string, data: Buffer, mode: number, callback: Callback<string>): void;
    remove(path: string, version: number, callback: Callback<void>): void;
    setData(path: string, data: Buffer, version: number, callback: Callback<Stat>): void;
    getData(
      path: string,
      callback: (error: ZooKeeperException | null, data: Buffer | undefined, stat: Stat) => void,
    ): void;
    exists(path: string, callback: Callback<Stat | null>): void;
    exists(path: string, watcher: () => void, callback: Callback<Stat | null>): void;
    getChildren(path: string, callback: Callback<string[]>): void;
    getChildren(path: string, watcher: () => void, callback: Callback<string[]>): void;
    transaction(): Transaction;
  }

  const zookeeper: {
    createClient(
      servers: string,
      options: { sessionTimeout: number; sessionId?: Buffer; sessionPassword?: Buffer },
    ): Client;
    readonly State: { readonly SYNC_CONNECTED: unknown; readonly EXPIRED: unknown };
    readonly CreateMode: {
      readonly PERSISTENT: number;
      readonly EPHEMERAL: number;
      readonly PERSISTENT_SEQUENTIAL: number;
      readonly EPHEMERAL_SEQUENTIAL: number;
    };
    readonly Exception: Readonly<
      Record<
        | 'OK'
        | 'SYSTEM_ERROR'
        | 'CONNECTION_LOSS'
        | 'NO_NODE'
        | 'BAD_VERSION'
        | 'NODE_EXISTS'
        | 'NOT_EMPTY'
        | 'SESSION_EXPIRED',
        number
      >
    >;
  };
  export default zookeeper;
}
