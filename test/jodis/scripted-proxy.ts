import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { decodeReply, toPlain } from '../../resp/decode.js';

/** What to do about a command: bytes are the reply; null: none. */
type Script = (args: readonly string[], socket: Socket) => string | null;

/** A proxy that does as a test says, to lose replies at will. It takes handshakes by itself. */
export class ScriptedProxy {
  /** All commands that came, but those of handshakes. */
  readonly commands: string[][] = [];
  script: Script;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, script: Script) {
    this.#server = server;
    this.script = script;
  }

  static async start(script: Script): Promise<ScriptedProxy> {
    const server = createServer((socket) => proxy.#serve(socket));
    const proxy = new ScriptedProxy(server, script);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get addr(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Ends all connections, as the death of the process would, and listens no more. */
  kill(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    let received: Buffer = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (;;) {
        // A command is encoded as a reply could be.
        const decoded = decodeReply(received, 0);
        if (!decoded) return;
        received = received.subarray(decoded.end);
        const reply = this.#answer(toPlain(decoded.value) as string[], socket);
        if (reply !== null && socket.writable) socket.write(reply);
      }
    });
  }

  #answer(args: readonly string[], socket: Socket): string | null {
    switch (args[0]!.toLowerCase()) {
      case 'hello':
        return "-ERR unknown command 'HELLO'\r\n";
      case 'client':
        return '+OK\r\n';
      case 'info':
        return '$11\r\nloading:0\r\n\r\n';
      default:
        this.commands.push([...args]);
        return this.script(args, socket);
    }
  }
}
