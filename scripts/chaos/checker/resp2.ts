import type { Value } from '../../../resp/decode.js';

/** The reply of a client that speaks RESP3, as one that speaks RESP2 would get it. */
export function asResp2(value: Value, command: readonly string[]): Value {
  switch (value.type) {
    case 'double':
      return { type: 'bulk', value: Buffer.from(String(value.value)) };
    case 'boolean':
      return { type: 'integer', value: value.value ? 1n : 0n };
    case 'map': {
      const pairs = value.value.map((pair) => pair.map((element) => asResp2(element, command)));
      // Streams with their entries are pairs there.
      const isPaired = /^XREAD/.test(command[0] ?? '');
      const elements = isPaired
        ? pairs.map((pair): Value => ({ type: 'array', value: pair }))
        : pairs.flat();
      return { type: 'array', value: elements };
    }
    case 'array':
    case 'set':
    case 'push': {
      const elements = value.value.map((element) => asResp2(element, command));
      if (command[0] !== 'ZRANGE') return { type: 'array', value: elements };
      // Members with their scores are pairs here.
      const flat = elements.flatMap((each) => (each.type === 'array' ? each.value : [each]));
      return { type: 'array', value: flat };
    }
    default:
      return value;
  }
}
