import type { Redis } from 'ioredis';

/** What ioredis gives to `sendCommand` as its second argument. */
export type WriteableStream = NonNullable<Parameters<Redis['sendCommand']>[1]>;

/**
 * The commands of one pipeline, on their way out. It waits until it has been given each of them,
 * and then writes them to its destination's socket at once: a command that goes elsewhere must be
 * passed over, or the others are never written.
 */
type PipelineStream = Extract<WriteableStream, { isPipeline: true }>;

export function isPipeline(stream: WriteableStream | undefined): stream is PipelineStream {
  return stream !== undefined && 'isPipeline' in stream;
}

/** Makes the pipeline write to this client's connection. */
export function sendTo(stream: PipelineStream, client: Redis): void {
  stream.destination = { redis: client };
}

/** Tells the pipeline that one of its commands goes another way. */
export function passOver(stream: WriteableStream | undefined): void {
  if (isPipeline(stream)) stream.write('');
}
