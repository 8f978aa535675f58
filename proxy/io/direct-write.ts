import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';

/** What we use of Node's streams beyond its documented API; looked at before it is used. */
interface StreamInternals {
  readonly WriteWrap: new () => WriteRequest;
  readonly streamBaseState: ArrayLike<number>;
  readonly kLastWriteWasAsync: number;
}

interface WriteRequest {
  /** What is being written: kept from being collected. */
  buffer?: Buffer;
  oncomplete?: (status: number) => void;
}

interface SocketInternals {
  readonly _handle: {
    writeBuffer?: (request: WriteRequest, bytes: Buffer) => number;
  } | null;
}

/** Who writes past a stream. */
export interface DirectWriter {
  /** The kernel has taken all of what it had taken a part of. */
  onDirectlyWritten(): void;
}

/** It was not tried: `socket.write` is to be used. */
export const NOT_WRITTEN = 0;
/** The kernel has taken all, or the socket has been destroyed for an error: the bytes are free. */
export const WRITTEN = 1;
/** The kernel has taken a part; the writer will be told of the rest. */
export const BEING_WRITTEN = 2;

const internals = findInternals();
/** For the next write: those that the kernel takes at once leave no trace in it. */
let spare = internals === null ? null : new internals.WriteWrap();

/**
 * Writes to a socket past Node's stream, which makes several objects for each write: without them a
 * proxy takes a twentieth less processor time. (50 clients: 8.5 instead of 8.9 us a SET, 0.85 instead of 0.91 a
 * GET in pipelines of 16, the lowest tenths of 30 and 16 interleaved runs; 36 collections instead of 57.)
 *
 * The socket's stream must have nothing to write. It may be written to while the bytes are being
 * written: what is written then follows them.
 *
 * @param bytes must not change while they are being written
 * @param writer told when they are, unless the socket is destroyed before
 */
export function writeDirectly(socket: Socket, bytes: Buffer, writer: DirectWriter): number {
  if (internals === null || spare === null || socket.connecting || !socket.writable) {
    return NOT_WRITTEN;
  }
  const { _handle: handle } = socket as unknown as SocketInternals;
  if (typeof handle?.writeBuffer !== 'function') return NOT_WRITTEN;
  const request = spare;
  const error = handle.writeBuffer(request, bytes);
  if (error !== 0) {
    socket.destroy(errorOf(error));
    return WRITTEN;
  }
  if (internals.streamBaseState[internals.kLastWriteWasAsync] === 0) return WRITTEN;
  spare = new internals.WriteWrap();
  request.buffer = bytes;
  request.oncomplete = (status) => {
    if (socket.destroyed) return;
    if (status < 0) socket.destroy(errorOf(status));
    else writer.onDirectlyWritten();
  };
  return BEING_WRITTEN;
}

function errorOf(status: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`write ${code}`), { code, errno: status, syscall: 'write' });
}

/** Null: this Node's streams are not made as we know them. */
function findInternals(): StreamInternals | null {
  const { binding } = process as unknown as { binding?: (name: string) => unknown };
  if (typeof binding !== 'function') return null;
  try {
    const found = binding.call(process, 'stream_wrap') as Partial<StreamInternals>;
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = found;
    if (typeof WriteWrap !== 'function' || !(streamBaseState instanceof Int32Array)) return null;
    if (typeof kLastWriteWasAsync !== 'number') return null;
    return { WriteWrap, streamBaseState, kLastWriteWasAsync };
  } catch {
    // Not allowed, by Node's permissions: the documented way does.
    return null;
  }
}
