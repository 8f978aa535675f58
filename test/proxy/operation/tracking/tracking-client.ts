import { decodeReply, type Value } from '../../../../resp/decode.js';
import { eventually } from '../../../support/eventually.js';
import { type Argument, encodeCommand, RespClient } from '../../../support/resp-client.js';

/** A client that caches: what it is told of keys is kept apart from its replies. */
export class TrackingClient {
  /** Keys that it was told of, in order; `*`: all of them. Other pushes as their first word. */
  readonly told: string[] = [];
  readonly #client: RespClient;

  /** @param protocol chosen at once */
  static async connect(port: number, protocol: 2 | 3 = 3): Promise<TrackingClient> {
    const client = new TrackingClient(await RespClient.connect(port));
    if (protocol === 3) await client.call('HELLO', 3);
    return client;
  }

  private constructor(client: RespClient) {
    this.#client = client;
  }

  /** @returns the reply as text, without what has come before it */
  async call(...args: Argument[]): Promise<string> {
    this.#client.send(encodeCommand(args));
    for (;;) {
      const frame = await this.#client.reply();
      const { value } = decodeReply(frame)!;
      if (!this.#takePush(value)) return frame.toString('latin1');
    }
  }

  async callAll(commands: readonly (readonly Argument[])[]): Promise<string[]> {
    this.#client.send(Buffer.concat(commands.map(encodeCommand)));
    const replies: string[] = [];
    while (replies.length < commands.length) {
      const frame = await this.#client.reply();
      if (!this.#takePush(decodeReply(frame)!.value)) replies.push(frame.toString('latin1'));
    }
    return replies;
  }

  /** Resolves when it has been told so, whatever else it has been told. */
  async isTold(key: string): Promise<void> {
    await eventually(`${key} among ${this.told.join(' ')}`, async () => {
      await this.call('PING');
      return this.told.includes(key);
    });
  }

  close(): void {
    this.#client.close();
  }

  #takePush(value: Value): boolean {
    const isMessage = value.type === 'array' && value.value[0]?.value?.toString() === 'message';
    if (value.type !== 'push' && !isMessage) return false;
    const [word, ...rest] = value.value as Value[];
    const keys = rest.at(-1);
    const isInvalidation = isMessage || word!.value!.toString() === 'invalidate';
    if (!isInvalidation) this.told.push(word!.value!.toString());
    else if (keys!.type === 'array') this.told.push(...keys!.value.map((key) => String(key.value)));
    else this.told.push('*');
    return true;
  }
}
