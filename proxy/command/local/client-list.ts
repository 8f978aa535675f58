import { ErrorReply, OK, type Reply, VerbatimText } from '../../../resp/encode.js';
import type { ConnectedClient, LocalContext } from '../local-context.js';
import { type CommandArguments, type LocalRequest, SYNTAX } from './local-request.js';

const CLIENT_TYPES = ['normal', 'master', 'slave', 'replica', 'pubsub'];
const NO_SUCH_CLIENT = new ErrorReply('ERR No such client');

export function clientInfo(request: LocalRequest): Reply {
  return new VerbatimText(`${describe(request.context, request.row.name)}\n`);
}

/** CLIENT LIST [TYPE type] [ID id …]: the clients of this worker. */
export function clientList(request: LocalRequest): Reply {
  const { context } = request;
  const lines = listClients(request, context.clients(), context);
  return lines instanceof ErrorReply ? lines : new VerbatimText(lines.join(''));
}

/** @param self who asks; null: somebody else. @returns CLIENT LIST's lines, or the error */
export function listClients(
  request: CommandArguments,
  all: Iterable<ConnectedClient>,
  self: ConnectedClient | null,
): readonly string[] | ErrorReply {
  const { argCount } = request;
  const clients = [...all];
  let listed: readonly ConnectedClient[] = clients;
  if (argCount === 4 && request.isWord(2, 'type')) {
    const type = request.text(3).toLowerCase();
    if (!CLIENT_TYPES.includes(type)) return unknownType(request.text(3));
    listed = clients.filter((client) => isOfType(client, type));
  } else if (argCount > 3 && request.isWord(2, 'id')) {
    const ids = Array.from({ length: argCount - 3 }, (_, n) => request.number(3 + n));
    if (ids.includes(null)) return new ErrorReply('ERR Invalid client ID');
    listed = clients.filter(({ clientId }) => ids.includes(clientId));
  } else if (argCount !== 2) {
    return SYNTAX;
  }
  return listed.map((client) => `${describe(client, client === self ? 'client|list' : 'NULL')}\n`);
}

type Filter = (client: ConnectedClient) => boolean;

/** CLIENT KILL address, or with ID, TYPE, ADDR, LADDR, USER, MAXAGE, SKIPME: of this worker's clients. */
export function clientKill(request: LocalRequest): Reply {
  const killed = killClients(request, request.context.clients(), request.context);
  return killed instanceof ErrorReply ? killed : killReply(request.argCount, killed);
}

/** What CLIENT KILL answers. @param killed how many were */
export function killReply(argCount: number, killed: number): Reply {
  if (argCount !== 3) return killed;
  return killed === 0 ? NO_SUCH_CLIENT : OK;
}

/** @param self who asks; null: somebody else. @returns how many were closed, or the error */
export function killClients(
  request: CommandArguments,
  clients: Iterable<ConnectedClient>,
  self: LocalContext | null,
): number | ErrorReply {
  const { argCount } = request;
  if (argCount === 3) {
    return kill(clients, self, [(client) => client.remoteAddr === request.text(2)]);
  }
  const filters: Filter[] = [];
  let skipsMe = true;
  for (let index = 2; index < argCount; index += 2) {
    if (index + 1 === argCount) return SYNTAX;
    const value = request.text(index + 1);
    if (request.isWord(index, 'id')) {
      const id = request.number(index + 1);
      if (id === null || id < 1) return new ErrorReply('ERR client-id should be greater than 0');
      filters.push((client) => client.clientId === id);
    } else if (request.isWord(index, 'type')) {
      const type = value.toLowerCase();
      if (!CLIENT_TYPES.includes(type)) return unknownType(value);
      filters.push((client) => isOfType(client, type));
    } else if (request.isWord(index, 'addr')) {
      filters.push((client) => client.remoteAddr === value);
    } else if (request.isWord(index, 'laddr')) {
      filters.push((client) => client.localAddr === value);
    } else if (request.isWord(index, 'user')) {
      // Another worker may have clients of a user that this one does not know.
      const isKnown =
        value === 'default' ||
        self?.hasPeers !== false ||
        [...clients].some(({ user }) => user === value);
      if (!isKnown) return new ErrorReply(`ERR No such user '${value}'`);
      filters.push((client) => client.user === value);
    } else if (request.isWord(index, 'maxage')) {
      const seconds = request.number(index + 1);
      if (seconds === null || seconds < 1)
        return new ErrorReply('ERR maxage is not an integer or out of range');
      filters.push((client) => ageOf(client) >= seconds);
    } else if (request.isWord(index, 'skipme') && /^(yes|no)$/i.test(value)) {
      skipsMe = value.toLowerCase() === 'yes';
    } else {
      return SYNTAX;
    }
  }
  if (skipsMe) filters.push((client) => client !== self);
  return kill(clients, self, filters);
}

/** @returns how many. The one that asks has its reply before it is closed. */
function kill(
  clients: Iterable<ConnectedClient>,
  self: LocalContext | null,
  filters: readonly Filter[],
): number {
  const chosen = [...clients].filter((client) => filters.every((fits) => fits(client)));
  for (const client of chosen) {
    if (client === self) self.closeAfterReply();
    else client.destroy();
  }
  return chosen.length;
}

function isOfType({ subscriptions }: ConnectedClient, type: string): boolean {
  return type === ((subscriptions?.total ?? 0) > 0 ? 'pubsub' : 'normal');
}

function unknownType(type: string): ErrorReply {
  return new ErrorReply(`ERR Unknown client type '${type}'`);
}

function ageOf({ connectedAtMs }: ConnectedClient): number {
  return Math.floor((Date.now() - connectedAtMs) / 1000);
}

/** A line as Redis writes it in CLIENT LIST; what a proxy has no notion of is 0. */
function describe(client: ConnectedClient, command: string): string {
  const { subscriptions, tracking } = client;
  const flags = [
    ...((subscriptions?.total ?? 0) > 0 ? ['P'] : []),
    ...(tracking === null ? [] : ['t']),
    ...(tracking?.isBroken ? ['R'] : []),
    ...(tracking?.mode === 'bcast' ? ['B'] : []),
    ...(client.noEvict ? ['e'] : []),
    ...(client.noTouch ? ['T'] : []),
  ];
  const fields = {
    id: client.clientId,
    addr: client.remoteAddr,
    laddr: client.localAddr,
    fd: 0,
    name: client.clientName,
    age: ageOf(client),
    idle: client.idleSeconds,
    flags: flags.join('') || 'N',
    db: client.database,
    sub: subscriptions?.count('channel') ?? 0,
    psub: subscriptions?.count('pattern') ?? 0,
    ssub: subscriptions?.count('shard') ?? 0,
    multi: -1,
    qbuf: client.pendingInput,
    'qbuf-free': 0,
    'argv-mem': 0,
    'multi-mem': 0,
    rbs: 0,
    rbp: 0,
    obl: client.pendingOutput,
    oll: 0,
    omem: 0,
    'tot-mem': client.pendingInput + client.pendingOutput,
    events: 'r',
    cmd: command,
    user: client.user,
    redir: tracking?.redirect ?? -1,
    resp: client.protocol,
    'lib-name': client.libName,
    'lib-ver': client.libVersion,
  };
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}
