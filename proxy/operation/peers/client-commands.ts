import { ErrorReply, VerbatimText } from '../../../resp/encode.js';
import { FrameProgress } from '../../../resp/frame-progress.js';
import { RequestFramer } from '../../../resp/request-framer.js';
import { killClients, killReply, listClients } from '../../command/local/client-list.js';
import { CommandArguments } from '../../command/local/local-request.js';
import type { ConnectedClient } from '../../command/local-context.js';
import type { Operation } from '../operation.js';
import { tellOfKeys } from '../tracking/invalidation.js';
import { type Peers, peersOf } from './peers.js';

const framer = new RequestFramer();

/** CLIENT LIST of all workers. */
export const clientListOfAll: Operation = async ({ bytes, client, cluster }) => {
  const own = listClients(argumentsOf(bytes), client.clients(), client);
  if (own instanceof ErrorReply) return own;
  const answers = await peersOf(cluster).ask('client-list', bytes.toString('latin1'));
  const lines = [...own, ...answers.flatMap(({ answer }) => answer)];
  lines.sort((one, other) => idOf(one) - idOf(other));
  return new VerbatimText(lines.join(''));
};

/** CLIENT KILL of all workers' clients. */
export const clientKillOfAll: Operation = async ({ args, bytes, client, cluster }) => {
  const own = killClients(argumentsOf(bytes), client.clients(), client);
  if (typeof own !== 'number') return own;
  const answers = await peersOf(cluster).ask('client-kill', bytes.toString('latin1'));
  const count = answers.reduce((sum, { answer }) => sum + answer, own);
  return killReply(args.length, count);
};

/** Has this worker answer what the others ask about its clients. */
export function answerAboutClients(peers: Peers, clients: () => Iterable<ConnectedClient>): void {
  peers.on('client-list', (asked) => {
    const lines = listClients(argumentsOf(Buffer.from(asked, 'latin1')), clients(), null);
    return lines instanceof ErrorReply ? [] : lines;
  });
  peers.on('client-kill', (asked) => {
    const count = killClients(argumentsOf(Buffer.from(asked, 'latin1')), clients(), null);
    return typeof count === 'number' ? count : 0;
  });
  peers.on('has-client', (asked) => clientById(clients(), asked) !== null);
  peers.on('changed', ({ clientId, keys }) => {
    const client = clientById(clients(), clientId);
    return (
      client !== null && tellOfKeys(client, keys === null ? null : Buffer.from(keys, 'latin1'))
    );
  });
}

function argumentsOf(bytes: Buffer): CommandArguments {
  framer.frame(bytes, 0, bytes.length, new FrameProgress(), true);
  const { argStarts, argEnds, argCount } = framer;
  return new CommandArguments(bytes, argStarts, argEnds, argCount);
}

/** @returns the client that has the id, if it is there */
export function clientById(
  clients: Iterable<ConnectedClient>,
  clientId: number,
): ConnectedClient | null {
  for (const client of clients) if (client.clientId === clientId && client.isOpen) return client;
  return null;
}

function idOf(line: string): number {
  return Number.parseInt(line.slice('id='.length), 10);
}
