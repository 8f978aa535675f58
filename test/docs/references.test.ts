import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CONFIG_KEYS } from '../../base/config.js';
import { everyCommand, fullName, makeProgram } from '../../config-tool/program.js';
import { PROJECT } from './tour.js';

const DOCUMENTS = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'].map((name) => join(PROJECT, name)),
  ...readdirSync(join(PROJECT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(PROJECT, 'docs', name)),
];
const read = (file: string) => readFileSync(file, 'utf8');
const readme = read(join(PROJECT, 'README.md'));
const configuration = read(join(PROJECT, 'docs', 'configuration.md'));

/** The long options in a program's `--help`. */
function optionsOf(program: string): string[] {
  const help = execFileSync(process.execPath, [program, '--help'], {
    cwd: PROJECT,
    encoding: 'utf8',
  });
  return [...help.matchAll(/^\s+(?:-\w, )?(--[\w-]+)/gm)].map((match) => match[1]!);
}

describe('the documents name everything there is', () => {
  test('every key of the config.ini with its default', () => {
    const shown = new Map(
      CONFIG_KEYS.map(({ key, fallback }) => [
        key,
        fallback === '' ? '(empty)' : `\`${fallback}\``,
      ]),
    );
    const rowsOf = (text: string) =>
      [...text.matchAll(/^\| `([a-z_]+)` \| (.*?) \|/gm)].map((row) => [row[1]!, row[2]!] as const);
    expect(new Map(rowsOf(configuration))).toEqual(shown);
    expect(rowsOf(readme).length).toBeGreaterThan(5);
    for (const [key, fallback] of rowsOf(readme)) expect(fallback, key).toBe(shown.get(key));
  });

  test('every verb of codis-config, and its options', () => {
    const { command } = makeProgram('0');
    const leaves = everyCommand(command).filter((each) => each.commands.length === 0);
    expect(leaves.length).toBeGreaterThan(15);
    for (const leaf of leaves) {
      const verb = fullName(leaf).replace('codis-config ', '');
      const usage = new RegExp(`\`${verb}[^\`]*\``).exec(readme)?.[0];
      expect(usage, verb).toBeDefined();
      for (const { required, name } of leaf.registeredArguments.map((argument) => ({
        required: argument.required,
        name: argument.name(),
      }))) {
        if (verb === 'completion') continue;
        expect(usage, `${verb}: ${name}`).toContain(required ? `<${name}>` : `[${name}]`);
      }
      for (const { long, short } of leaf.options) {
        expect(usage, `${verb}: ${long ?? short}`).toContain(long ?? short);
      }
    }
    for (const { long } of command.options) {
      expect(`${readme}${configuration}`).toContain(`\`${long}`);
    }
  });

  test('every option of codis-proxy and of npm start', () => {
    const proxy = optionsOf('bin/codis-proxy');
    expect(proxy).toContain('--http-addr');
    for (const option of proxy) expect(`${readme}${configuration}`).toContain(`\`${option}`);
    const start = optionsOf('scripts/start.mjs');
    expect(start).toContain('--proxy-port');
    for (const option of start) expect(configuration).toContain(`\`${option}\``);
  });

  test('no option and no program that there is not', () => {
    const known = new Set([
      ...optionsOf('bin/codis-proxy'),
      ...optionsOf('scripts/start.mjs'),
      ...everyCommand(makeProgram('0').command).flatMap(({ options }) =>
        options.map(({ long }) => long),
      ),
    ]);
    for (const [, option] of `${readme}${configuration}`.matchAll(/`(--[\w-]+)/g)) {
      expect(known, option).toContain(option);
    }
    const { scripts } = JSON.parse(read(join(PROJECT, 'package.json')));
    for (const file of DOCUMENTS) {
      for (const [, script] of read(file).matchAll(/npm run ([\w:-]+)/g)) {
        expect(scripts, `${relative(PROJECT, file)}: ${script}`).toHaveProperty(script!);
      }
    }
  });
});

describe('the documents point to what is there', () => {
  test.each(DOCUMENTS.map((file) => [relative(PROJECT, file), file]))('%s', (_, file) => {
    const text = read(file);
    for (const [, link] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path, anchor] = link!.split('#');
      const target = path === '' ? file : join(dirname(file), path!);
      expect(existsSync(target), link).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(read(target)), link).toContain(anchor);
    }
  });

  test('files and folders that are named in the text', () => {
    for (const name of ['docs/architecture.md', 'CONTRIBUTING.md', 'docs/operations.md']) {
      const text = read(join(PROJECT, name));
      const named = text.matchAll(
        /`((?:base|resp|cluster|proxy|dashboard|config-tool|scripts|test|conf)\/[\w./-]+)`/g,
      );
      for (const [, path] of named) expect(existsSync(join(PROJECT, path!)), path).toBe(true);
    }
  });

  test('docs/commands.md is what the command table says', () => {
    const script = join(PROJECT, 'dist', 'scripts', 'generate-command-docs.js');
    expect(() => execFileSync(process.execPath, [script, '--check'])).not.toThrow();
  });
});

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map((heading) =>
    heading[1]!
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}
