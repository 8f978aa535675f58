import { LearnedCommands } from '../../../proxy/command/learned-commands.js';
import type {
  ConnectedClient,
  LocalContext,
  ProxyFacts,
  ReplyMode,
} from '../../../proxy/command/local-context.js';

/** Knows without asking that there are no commands of modules. */
class NoModules extends LearnedCommands {
  override find(): 'unknown' {
    return 'unknown';
  }
}

/** A client as the local commands see it, without a connection. */
export class FakeClient implements LocalContext {
  readonly meetsBusyServers = false;
  readonly user = 'default';
  readonly clientId = 7;
  readonly remoteAddr = '127.0.0.1:50000';
  readonly localAddr = '127.0.0.1:19000';
  readonly connectedAtMs = Date.now();
  protocol: 2 | 3;
  database = 0;
  readonly databases = 16;
  readonly password: string;
  authenticated: boolean;
  clientName = '';
  libName = '';
  libVersion = '';
  noEvict = false;
  noTouch = false;
  readsReplicas = null;
  subscriptions = null;
  tracking = null;
  readonly hasPeers = false;
  isNextMarked = false;
  readonly isOpen = true;
  readonly awaitsReply = false;
  mode = null;
  learnedCommands = new NoModules();
  isClosing = false;

  constructor(password = '', protocol: 2 | 3 = 2) {
    this.password = password;
    this.protocol = protocol;
    this.authenticated = password === '';
  }

  becomeUser(name: string): boolean {
    return name === 'default';
  }

  endMonitoring(): void {}

  closeAfterReply(): void {
    this.isClosing = true;
  }

  readonly idleSeconds = 2;
  readonly pendingInput = 0;
  readonly pendingOutput = 0;
  replies: ReplyMode = 'on';

  setReplies(mode: ReplyMode): void {
    this.replies = mode;
  }

  clients(): Iterable<ConnectedClient> {
    return [this];
  }

  push(): void {}

  destroy(): void {}

  proxyFacts(): ProxyFacts {
    return {
      port: 19000,
      startedAtMs: Date.now() - 90_000_000,
      connectedClients: 3,
      connectionsAccepted: 4,
      commandsProcessed: 5,
      bytesIn: 6,
      bytesOut: 7,
      trackingClients: 0,
      trackingPrefixes: 0,
    };
  }
}
