const SPACES = /\s/;

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

/**
 * Splits an inline command by Redis's rules (`sdssplitargs`): spaces separate; "double quotes" know
 * \n \r \t \b \a \xHH and \ before anything else, 'single quotes' only \'.
 *
 * @param line byte string (latin1) without its line end.
 * @returns the arguments as byte strings, or null if quotes are unbalanced.
 */
export function splitInline(line: string): string[] | null {
  const args: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line[at]!)) at++;
    if (at >= line.length) return args;
    let arg = '';
    let quote = '';
    for (; ; at++) {
      const char = line[at];
      if (quote !== '') {
        if (char === undefined) return null;
        if (char === quote) {
          // A closing quote ends the argument.
          if (at + 1 < line.length && !isSpace(line[at + 1]!)) return null;
          at++;
          break;
        }
        if (char === '\\') {
          const [text, length] =
            quote === '"' ? doubleQuoteEscape(line, at) : singleQuoteEscape(line, at);
          arg += text;
          at += length - 1;
        } else {
          arg += char;
        }
      } else if (char === undefined || isSpace(char)) {
        break;
      } else if (char === '"' || char === "'") {
        quote = char;
      } else {
        arg += char;
      }
    }
    args.push(arg);
  }
}

/** The command in the multibulk form. @param args byte strings */
export function encodeMultibulk(args: readonly string[]): Buffer {
  const bulks = args.map((arg) => `$${arg.length}\r\n${arg}\r\n`);
  return Buffer.from(`*${args.length}\r\n${bulks.join('')}`, 'latin1');
}

/** What a backslash at `at` stands for, and how many characters it and its sequel have. */
function doubleQuoteEscape(line: string, at: number): [text: string, length: number] {
  const hex = /^\\x([0-9a-fA-F]{2})/.exec(line.slice(at, at + 4));
  if (hex) return [String.fromCharCode(Number.parseInt(hex[1]!, 16)), 4];
  const next = line[at + 1];
  if (next === undefined) return ['\\', 1];
  return [ESCAPES[next] ?? next, 2];
}

function singleQuoteEscape(line: string, at: number): [text: string, length: number] {
  return line[at + 1] === "'" ? ["'", 2] : ['\\', 1];
}

/** C's isspace, and the zero byte, at which Redis ends an unquoted argument. */
function isSpace(char: string): boolean {
  return char === '\0' || (char <= ' ' && SPACES.test(char));
}
