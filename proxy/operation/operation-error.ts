/** An error in Redis's form; `message` begins with the code: `ERR no such key`. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
}
