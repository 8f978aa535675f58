import { OperatorError } from '../base/errors.js';

/** What was asked for makes no sense, whatever the cluster's state. */
export class InvalidInputError extends OperatorError {
  override readonly name = 'InvalidInputError';
}

/** A group, server, slot or proxy that was named does not exist. */
export class NotFoundError extends OperatorError {
  override readonly name = 'NotFoundError';
}

/** The cluster's state forbids the change; nothing was written. */
export class ConflictError extends OperatorError {
  override readonly name = 'ConflictError';
}

/** This dashboard may not, or cannot, change anything at the moment; nothing was written. */
export class UnavailableError extends OperatorError {
  override readonly name = 'UnavailableError';
}

/** Another dashboard, alive, leads this product. */
export class LeaseHeldError extends OperatorError {
  override readonly name = 'LeaseHeldError';
}

/** Not made yet. */
export class NotSupportedError extends OperatorError {
  override readonly name = 'NotSupportedError';
}

/**
 * A proxy that may still serve clients by an old table cannot be asked: its fence is there, its
 * node is not, and its address does not refuse connections. Nothing was written.
 */
export class UnresolvedFenceError extends OperatorError {
  override readonly name = 'UnresolvedFenceError';
}

/** A proxy was told of a change, or to go offline, and did not answer within the deadline. */
export class SilentProxyError extends OperatorError {
  override readonly name = 'SilentProxyError';
}

/** Nothing listens at a Redis server's address, or it does not answer in time. */
export class RedisUnreachableError extends OperatorError {
  override readonly name = 'RedisUnreachableError';
}

/** What answers at the address is no Redis server that can be part of a group. */
export class NotRedisError extends OperatorError {
  override readonly name = 'NotRedisError';
}

/** The Redis server wants another password than the configured one. */
export class RedisPasswordError extends OperatorError {
  override readonly name = 'RedisPasswordError';
}

/** The Redis server answered a command with an error that has no class of its own. */
export class RedisReplyError extends OperatorError {
  override readonly name = 'RedisReplyError';
}
