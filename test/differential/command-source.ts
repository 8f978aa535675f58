import type { Argument } from '../support/resp-client.js';
import type { Random } from './random.js';
import { SYNTAX } from './syntax.js';
import type { Vocabulary } from './vocabulary.js';

type Node =
  | { readonly type: 'word'; readonly word: string }
  | { readonly type: 'optional' | 'repeated'; readonly nodes: readonly Node[] }
  | { readonly type: 'choice'; readonly choices: readonly (readonly Node[])[] };

const CLOSING: { readonly [opening: string]: string } = { '[': ']', '(': ')', '{': '}' };

const FORMS: readonly (readonly Node[])[] = SYNTAX.trim()
  .split(/\n+/)
  .map((line) => parse(line.split(' ')));

/** The commands that are sent, in lower case; a subcommand as `object|encoding`. */
export const COMMANDS_TRIED: ReadonlySet<string> = new Set(
  SYNTAX.trim()
    .split(/\n+/)
    .flatMap((line) => {
      const [name, sub] = line.toLowerCase().split(' ');
      return [name!, `${name}|${sub}`];
    }),
);

// Mangled they would remove what they like, or be refused by the proxy alone (COPY … DB 1).
const NEVER_MANGLED = /^(SPOP|RESTORE|EVAL|COPY)$/;

/** An endless source of commands, mostly well formed. */
export class CommandSource {
  readonly #random: Random;
  readonly #vocabulary: Vocabulary;

  constructor(random: Random, vocabulary: Vocabulary) {
    this.#random = random;
    this.#vocabulary = vocabulary;
  }

  next(): Argument[] {
    const random = this.#random;
    this.#vocabulary.beginCommand();
    const args = this.#expand(random.pick(FORMS));
    const name = String(args[0]);
    if (random.oneIn(40) && !NEVER_MANGLED.test(name)) this.#mangle(args);
    if (typeof args[0] === 'string' && random.oneIn(3)) args[0] = args[0].toLowerCase();
    return args;
  }

  /** An argument less or more, or two in each other's place. */
  #mangle(args: Argument[]): void {
    const random = this.#random;
    const at = random.whole(1, args.length);
    switch (random.whole(1, 4)) {
      case 1:
        args.splice(at, 0, random.pick(['x', '', '1', '-1']));
        break;
      case 2:
        if (args.length > 2) args.splice(1, 2, args[2]!, args[1]!);
        break;
      default:
        args.splice(at, 1);
    }
  }

  #expand(nodes: readonly Node[]): Argument[] {
    return nodes.flatMap((node) => this.#expandNode(node));
  }

  #expandNode(node: Node): Argument[] {
    const random = this.#random;
    switch (node.type) {
      case 'word':
        return isLiteral(node.word) ? [node.word] : this.#vocabulary.make(node.word);
      case 'optional':
        return random.oneIn(2) ? this.#expand(node.nodes) : [];
      case 'repeated':
        return Array.from({ length: random.whole(1, 4) }, () => this.#expand(node.nodes)).flat();
      case 'choice':
        return this.#expand(random.pick(node.choices));
    }
  }
}

function isLiteral(word: string): boolean {
  return !/^\*?[a-z][a-z0-9]+$/.test(word) || /^([ui]\d+|f{40})$/.test(word);
}

/** Takes words off the front until the end or the closing sign that is awaited. */
function parse(words: string[], closing?: string): Node[] {
  const nodes: Node[] = [];
  let choices: Node[][] = [];
  for (;;) {
    const word = words.shift();
    if (word === closing) break;
    if (word === undefined) throw new Error(`no ${closing}`);
    if (word === '|') {
      choices = [...choices, nodes.splice(0)];
    } else if (CLOSING[word]) {
      const inner = parse(words, CLOSING[word]);
      if (word === '(') nodes.push(...inner);
      else nodes.push({ type: word === '[' ? 'optional' : 'repeated', nodes: inner });
    } else {
      nodes.push({ type: 'word', word });
    }
  }
  return choices.length > 0 ? [{ type: 'choice', choices: [...choices, nodes] }] : nodes;
}
