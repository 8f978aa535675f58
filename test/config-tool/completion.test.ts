import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { TestProcess, temporaryFolder } from '../support/process.js';
import { codisConfig } from './codis-config.js';

const hasShell = (name: string) =>
  new TestProcess('sh', ['-c', `command -v ${name}`]).exited.then(({ code }) => code === 0);
const hasZsh = await hasShell('zsh');
const hasFish = await hasShell('fish');

async function scriptFile(shell: string): Promise<string> {
  const { code, stdout } = await codisConfig(['completion', shell]);
  expect(code).toBe(0);
  const file = join(temporaryFolder(), `completion.${shell}`);
  writeFileSync(file, stdout);
  return file;
}

describe('bash', () => {
  let file: string;
  beforeAll(async () => {
    file = await scriptFile('bash');
  });

  /** What bash offers when the last of the words is to be completed. */
  async function offered(...words: string[]): Promise<string[]> {
    const ask = `
      source "$0"
      COMP_WORDS=(codis-config "$@")
      COMP_CWORD=$#
      _codis_config
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const bash = new TestProcess('bash', ['-c', ask, file, ...words]);
    await bash.exited;
    expect(bash.stderr).toBe('');
    return bash.stdout.split('\n').filter(Boolean).sort();
  }

  test.each([
    [[''], ['action', 'completion', 'dashboard', 'proxy', 'server', 'slot']],
    [['s'], ['server', 'slot']],
    [
      ['slot', 'r'],
      ['range-set', 'rebalance', 'resume'],
    ],
    [
      ['-c', 'server', 'proxy', ''],
      ['list', 'offline', 'online'],
    ],
    [
      ['--json', 'server', 're'],
      ['remove', 'remove-group'],
    ],
    [
      ['server', 'add', '1', '127.0.0.1:6379', ''],
      ['master', 'slave'],
    ],
    [
      ['slot', 'migrate', '--d'],
      ['--dashboard', '--delay', '--detach', '--dry-run'],
    ],
    [
      ['slot', 'set', '5', '1', 'o'],
      ['offline', 'online'],
    ],
  ])('after %j', async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });
});

test.runIf(hasZsh)('zsh can parse its script', async () => {
  const zsh = new TestProcess('zsh', ['-n', await scriptFile('zsh')]);
  expect(await zsh.exited).toMatchObject({ code: 0 });
});

test.runIf(hasFish)('fish can parse its script', async () => {
  const fish = new TestProcess('fish', ['--no-execute', await scriptFile('fish')]);
  expect(await fish.exited).toMatchObject({ code: 0 });
});

test.each(['zsh', 'fish'])('%s is told every verb', async (shell) => {
  const { stdout } = await codisConfig(['completion', shell]);
  for (const verb of ['promote', 'range-set', 'remove-fence', 'offline', 'dashboard']) {
    expect(stdout).toContain(verb);
  }
});
