import { Frames, type Operation, type OperationCall, type OperationClient } from '../operation.js';
import { ClientSubscriptions } from './client-subscriptions.js';
import { subscriptionsOf } from './subscriptions.js';
import { SUBSCRIBE, type TopicKind, UNSUBSCRIBE } from './topic.js';

const NO_REPLY = new Frames(Buffer.alloc(0));

/** SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE: answered when the servers tell us of it. */
export function subscribe(kind: TopicKind): Operation {
  const word = SUBSCRIBE[kind].toLowerCase();
  return async ({ args, client, cluster, gone }) => {
    const subscriptions = subscriptionsOf(cluster);
    const names = args.slice(1).map((arg) => arg.toString('latin1'));
    const topics = await subscriptions.prepare(kind, names);
    if (gone.aborted) {
      for (const topic of topics) subscriptions.giveUp(topic);
      return NO_REPLY;
    }
    const own = ownOf(client) ?? new ClientSubscriptions(client, subscriptions);
    client.subscriptions = own;
    // From here to the reply nothing else happens: no message comes before its confirmation.
    const lines = topics.map((topic) => {
      own.add(topic);
      return confirmation(client, word, topic.name, own.confirmedCount(kind));
    });
    own.updateMode();
    return confirm(client, lines);
  };
}

/** UNSUBSCRIBE, PUNSUBSCRIBE, SUNSUBSCRIBE: without names, of all of the kind. */
export function unsubscribe(kind: TopicKind): Operation {
  const word = UNSUBSCRIBE[kind].toLowerCase();
  return async ({ args, client, cluster }: OperationCall) => {
    const own = ownOf(client);
    const isAll = args.length === 1;
    const names = isAll
      ? (own?.names(kind) ?? [])
      : args.slice(1).map((arg) => arg.toString('latin1'));
    const count = () => own?.confirmedCount(kind) ?? 0;
    const lines = names.map((name) => {
      own?.remove(kind, name);
      return confirmation(client, word, name, count());
    });
    if (names.length === 0) lines.push(confirmation(client, word, null, count()));
    own?.updateMode();
    // From the reply on nobody is to count the client among those who listen.
    if (own !== null && names.length > 0) await subscriptionsOf(cluster).settled();
    return confirm(client, lines);
  };
}

/** Confirmations are no replies: CLIENT REPLY OFF does not hold them back. */
function confirm(client: OperationClient, lines: readonly string[]): Frames {
  client.push(Buffer.from(lines.join(''), 'latin1'));
  return NO_REPLY;
}

function ownOf({ subscriptions }: OperationClient): ClientSubscriptions | null {
  return subscriptions instanceof ClientSubscriptions ? subscriptions : null;
}

function confirmation(
  client: OperationClient,
  word: string,
  name: string | null,
  count: number,
): string {
  const nothing = client.protocol === 3 ? '_\r\n' : '$-1\r\n';
  const text = name === null ? nothing : `$${name.length}\r\n${name}\r\n`;
  const type = client.protocol === 3 ? '>' : '*';
  return `${type}3\r\n$${word.length}\r\n${word}\r\n${text}:${count}\r\n`;
}
