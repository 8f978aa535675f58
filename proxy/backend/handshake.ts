import { encodeMultibulk } from '../../resp/inline-command.js';
import { databaseOfLane, protocolOfLane, userOfLane } from './lane.js';
import { DEFAULT_USER_ID, users } from './users.js';

/** One command of a handshake. */
export interface HandshakeStep {
  readonly bytes: Buffer;
  /** Null: go on; else why the connection is of no use. @param error null for success */
  verdict(error: string | null): string | null;
}

/**
 * What a new connection says first, in this order, before any command: who we are, the protocol,
 * the database. A server without a password is used all the same.
 *
 * @param name shown by CLIENT LIST
 * @param password of the default user; empty: none
 */
export function handshakeOf(
  name: string,
  password: string,
  lane: number,
): readonly HandshakeStep[] {
  const steps: HandshakeStep[] = [];
  const secret = Buffer.from(password).toString('latin1');
  const userId = userOfLane(lane);
  if (userId !== DEFAULT_USER_ID) {
    const user = users.get(userId);
    steps.push(step(['AUTH', user.name, user.password], (error) => error));
  } else if (password !== '') {
    steps.push(
      step(['AUTH', secret], (error) => (/without any password/i.test(error) ? null : error)),
    );
  }
  if (protocolOfLane(lane) === 3) steps.push(step(['HELLO', '3'], (error) => error));
  // Works as well without a name.
  steps.push(step(['CLIENT', 'SETNAME', name], () => null));
  const database = databaseOfLane(lane);
  if (database > 0) steps.push(step(['SELECT', String(database)], (error) => error));
  return steps;
}

/** One command, and what its outcome means. @param judge as {@link HandshakeStep.verdict} */
export function step(
  args: readonly string[],
  judge: (error: string) => string | null,
): HandshakeStep {
  const name = args[0]!;
  return {
    bytes: encodeMultibulk(args),
    verdict: (error) => {
      const fault = error === null ? null : judge(error);
      return fault === null ? null : `${name}: ${fault}`;
    },
  };
}
