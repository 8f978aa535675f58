import type { Address } from '../../base/address.js';
import { RawConnection } from '../bench/raw-connection.js';
import { fillRequests } from './keys.js';

/** Sets the keys at the server itself. @throws OperatorError */
export async function fillServer(address: Address, keys: readonly string[]): Promise<void> {
  const connection = await RawConnection.open('a redis-server', address);
  try {
    for (const { text, count } of fillRequests(keys)) {
      await connection.exchange(Buffer.from(text), Buffer.from('+OK\r\n'.repeat(count)));
    }
  } finally {
    connection.close();
  }
}
