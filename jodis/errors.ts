/** No proxy could be reached in time. The command was not sent to any. */
export class NoProxyError extends Error {
  override readonly name = 'NoProxyError';
}

/**
 * The connection ended after the command was sent and before its reply: whether it was executed is
 * not known, so it was not sent again.
 */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

/**
 * The connection ended between WATCH or MULTI and EXEC, and with it what the proxy knew of the
 * transaction. Nothing of it was executed: begin it again.
 */
export class TransactionLostError extends Error {
  override readonly name = 'TransactionLostError';
}
