import { OperatorError } from '../../base/errors.js';

/**
 * Refused because of who asks. Answered with its status to every client, also to those that get 500
 * for everything else as in Codis: no tool written for Codis has ever been refused like this.
 */
export class AccessError extends OperatorError {
  override readonly name: string = 'AccessError';
  readonly status: 401 | 403 | 429;
  /** Seconds, for 429. */
  readonly retryAfter: number | null;

  constructor(
    status: 401 | 403 | 429,
    message: string,
    options: { hint?: string; retryAfter?: number } = {},
  ) {
    super(message, options);
    this.status = status;
    this.retryAfter = options.retryAfter ?? null;
  }
}
