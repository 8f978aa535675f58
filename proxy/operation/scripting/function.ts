import { decodeReply, toPlain, type Value } from '../../../resp/decode.js';
import { FrameProgress } from '../../../resp/frame-progress.js';
import { frameReply } from '../../../resp/reply-framer.js';
import { Frames, type Operation } from '../operation.js';
import {
  firstError,
  firstSuccess,
  isError,
  onEveryMaster,
  outcomeOfKills,
  pastTheBusy,
} from './masters.js';

const LF = 0x0a;

/** FUNCTION LOAD, FLUSH, RESTORE: on every master; the first error of any. */
export const functionEverywhere: Operation = async (call) => firstError(await onEveryMaster(call));

/** FUNCTION DELETE library: where it is. */
export const functionDelete: Operation = async (call) =>
  firstSuccess(await onEveryMaster(call), /^-ERR Library not found/);

/** FUNCTION KILL: wherever one runs. */
export const functionKill: Operation = async (call) => outcomeOfKills(await pastTheBusy(call));

/** FUNCTION STATS: of the first master that runs a function. */
export const functionStats: Operation = async (call) => {
  const frames = (await pastTheBusy(call)).map(({ frame }) => frame);
  return new Frames(frames.find(isRunning) ?? firstSuccess(frames, /^-/).bytes);
};

/** FUNCTION LIST: every library once; one that is not the same on all masters, in each form. */
export const functionList: Operation = async (call) => {
  const frames = await onEveryMaster(call);
  const error = frames.find(isError);
  if (error !== undefined) return new Frames(error);
  const libraries = new Map<string, Buffer>();
  for (const frame of frames) {
    for (const library of elementsOf(frame)) {
      const key = contentOf(decodeReply(library)!.value);
      if (!libraries.has(key)) libraries.set(key, library);
    }
  }
  const header = Buffer.from(`*${libraries.size}\r\n`);
  return new Frames(Buffer.concat([header, ...libraries.values()]));
};

/** The same for libraries that are the same: servers list a library's functions in any order. */
function contentOf(value: Value): string {
  switch (value.type) {
    case 'array':
    case 'set': {
      const isList = value.value.every(({ type }) => type === 'array' || type === 'map');
      const parts = value.value.map(contentOf);
      return `[${(isList ? parts.sort() : parts).join(',')}]`;
    }
    case 'map':
      return `[${value.value.flat().map(contentOf).join(',')}]`;
    default:
      return JSON.stringify(String(toPlain(value)));
  }
}

/** The frames of an array's elements. */
function elementsOf(array: Buffer): readonly Buffer[] {
  const elements: Buffer[] = [];
  const progress = new FrameProgress();
  let at = array.indexOf(LF) + 1;
  while (at < array.length) {
    const next = frameReply(array, at, array.length, progress);
    if (next < 0) break;
    elements.push(array.subarray(at, next));
    at = next;
  }
  return elements;
}

/** `running_script` is the first entry. */
function isRunning(frame: Buffer): boolean {
  const { value } = decodeReply(frame)!;
  const running: Value | undefined =
    value.type === 'map'
      ? value.value[0]?.[1]
      : value.type === 'array'
        ? value.value[1]
        : undefined;
  return running !== undefined && running.type !== 'null';
}
