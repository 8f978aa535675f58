import { OperatorError } from '../../../base/errors.js';

/** A key of a type that only its module can take apart: to be moved as it is. */
export class NotChunkableError extends Error {
  override readonly name = 'NotChunkableError';
}

/** The copy is not what the key is; nothing has been switched. To be copied again. */
export class CopyLostError extends OperatorError {
  override readonly name = 'CopyLostError';
}
