/**
 * Writes proxy/command/command-rows.generated.ts from what a real redis-server tells about its
 * commands. Run it after a change of the server's version:
 *
 *     npm run build && node dist/scripts/generate-command-table.js [redis-server]
 *
 * A test checks that the file is what the installed server says.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandData, writeCommandData } from '../proxy/command/command-data.js';
import { readCommandData } from '../proxy/command/command-data-reader.js';
import { decodeReply, toPlain } from '../resp/decode.js';

const OUTPUT = 'proxy/command/command-rows.generated.ts';
const START_MS = 10_000;

async function main(): Promise<void> {
  const program = process.argv[2] ?? 'redis-server';
  const folder = mkdtempSync(join(tmpdir(), 'codis-commands-'));
  const socketPath = join(folder, 'redis.sock');
  const server = spawn(program, ['--port', '0', '--unixsocket', socketPath, '--save', ''], {
    cwd: folder,
    stdio: 'ignore',
  });
  try {
    const version = execFileSync(program, ['--version'], { encoding: 'utf8' }).match(
      /v=(\S+)/,
    )![1]!;
    const info = await ask(socketPath, 'COMMAND\r\n');
    const docs = await ask(socketPath, 'COMMAND DOCS\r\n');
    writeFileSync(OUTPUT, render(version, readCommandData(info, docs)));
    execFileSync('npx', ['biome', 'check', '--write', OUTPUT], { stdio: 'inherit' });
  } finally {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function render(version: string, commands: readonly CommandData[]): string {
  return [
    `// Written by scripts/generate-command-table.ts from redis-server ${version}. Do not edit.`,
    '',
    `export const GENERATED_FROM_VERSION = ${JSON.stringify(version)};`,
    '',
    '/** In the notation of command-data.ts. */',
    `export const GENERATED_COMMANDS = \`\n${escapeTemplate(writeCommandData(commands))}\n\`;`,
  ].join('\n');
}

function escapeTemplate(text: string): string {
  return text.replaceAll(/[`\\]|\$\{/g, '\\$&');
}

/** Sends one inline command; waits for the server to come up if need be. */
async function ask(socketPath: string, command: string) {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      return await askOnce(socketPath, command);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

function askOnce(socketPath: string, command: string) {
  return new Promise<ReturnType<typeof toPlain>>((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect(socketPath, () => socket.write(command));
    socket.setTimeout(START_MS, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const decoded = decodeReply(received);
      if (!decoded) return;
      socket.destroy();
      resolve(toPlain(decoded.value));
    });
  });
}

await main();
