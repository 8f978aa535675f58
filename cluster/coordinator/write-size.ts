import { CoordinatorError, type Operation } from './coordinator.js';

/**
 * Bytes of data that one write may carry. ZooKeeper's default limit for a whole request
 * (jute.maxbuffer) is 1,048,575, and it closes the connection on a larger one.
 */
const MAX_WRITE_BYTES = 1_000_000;

/** Bytes that an operation of a transaction takes beside its path and data, at the most. */
const OPERATION_OVERHEAD = 64;

/** @throws CoordinatorError */
export function checkWriteSize(operations: readonly Operation[]): void {
  let bytes = 0;
  for (const operation of operations) {
    bytes += OPERATION_OVERHEAD + Buffer.byteLength(operation.path);
    if ('data' in operation) bytes += Buffer.byteLength(operation.data);
  }
  if (bytes > MAX_WRITE_BYTES) {
    throw new CoordinatorError(
      `a write of ${bytes} bytes to ${operations[0]?.path} and ${operations.length - 1} more nodes` +
        ` is over the limit of ${MAX_WRITE_BYTES}`,
    );
  }
}
