/** What the process of the measured proxy is told. */
export type ProxyOrder =
  | {
      readonly type: 'serve';
      /** Settings as in config.ini. */
      readonly ini: string;
      /** host:port, one a group; the slots are dealt out evenly. */
      readonly masters: readonly string[];
    }
  | { readonly type: 'figures' };

/** What it holds. */
export interface ProxyFigures {
  readonly clients: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Of buffers, used and to be used again. */
  readonly bufferBytes: number;
  /** What keeps its event loop busy, by kind: sockets, timers. */
  readonly resources: Readonly<Record<string, number>>;
}
