/**
 * Redis's patterns: `*`, `?`, `[a-c]`, `[^a]`, and `\` before a character that is meant itself.
 *
 * @param pattern, text byte strings
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let compiled = cache.get(pattern);
  if (compiled === undefined) {
    if (cache.size >= MAX_CACHED) cache.clear();
    compiled = new RegExp(`^${sourceOf(pattern)}$`, 's');
    cache.set(pattern, compiled);
  }
  return compiled.test(text);
}

const MAX_CACHED = 1000;
const cache = new Map<string, RegExp>();

function sourceOf(pattern: string): string {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === '*') {
      // Several stars are one: a regular expression would try all ways to divide the text.
      if (pattern[at + 1] !== '*') source += '.*';
    } else if (char === '?') {
      source += '.';
    } else if (char === '[') {
      const [set, end] = setAt(pattern, at + 1);
      source += set;
      at = end;
    } else {
      if (char === '\\' && at + 1 < pattern.length) at++;
      source += literal(pattern[at]!);
    }
  }
  return source;
}

/** @returns the set that begins behind the bracket, and where it ends; it need not be closed */
function setAt(pattern: string, start: number): [source: string, end: number] {
  const isNegated = pattern[start] === '^';
  let members = '';
  let at = isNegated ? start + 1 : start;
  for (; at < pattern.length && pattern[at] !== ']'; at++) {
    if (pattern[at] === '\\' && at + 1 < pattern.length) {
      members += literal(pattern[++at]!);
    } else if (pattern[at + 1] === '-' && at + 2 < pattern.length) {
      const [low, high] = [pattern[at]!, pattern[at + 2]!].sort();
      members += `${literal(low!)}-${literal(high!)}`;
      at += 2;
    } else {
      members += literal(pattern[at]!);
    }
  }
  if (members === '') return [isNegated ? '.' : '(?!)', at];
  return [`[${isNegated ? '^' : ''}${members}]`, at];
}

function literal(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
