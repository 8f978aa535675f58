import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { parseArguments } from '../../proxy/arguments.js';

function parse(...argv: string[]) {
  let out = '';
  let err = '';
  const parsed = parseArguments(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { parsed, out, err };
}

describe('the command line of codis-proxy', () => {
  test('has defaults that reach nothing but this machine', () => {
    expect(parse().parsed).toEqual({
      arguments: {
        configFile: null,
        logFile: null,
        logLevel: 'info',
        cpu: availableParallelism(),
        addr: { host: '127.0.0.1', port: 19000 },
        httpAddr: { host: '127.0.0.1', port: 11000 },
      },
    });
  });

  test('reads the options of Codis 2 as its users write them', () => {
    const { parsed } = parse(
      ...['-c', 'conf/config.ini', '-L', './log/proxy.log', '--cpu=8'],
      ...['--addr=:19000', '--http-addr=0.0.0.0:11000', '--log-level=WARN'],
    );
    expect(parsed).toEqual({
      arguments: {
        configFile: 'conf/config.ini',
        logFile: './log/proxy.log',
        logLevel: 'warn',
        cpu: 8,
        addr: { host: '', port: 19000 },
        httpAddr: { host: '0.0.0.0', port: 11000 },
      },
    });
  });

  test.each([
    [['--adr=:1'], "codis-proxy: unknown option '--adr=:1'"],
    [['--addr=19000'], "codis-proxy: option '--addr <host:port>' argument '19000' is invalid"],
    [['--cpu=none'], "codis-proxy: option '--cpu <number>' argument 'none' is invalid"],
    [['--log-level=loud'], "codis-proxy: option '--log-level <level>' argument 'loud' is invalid"],
    [['-c'], "codis-proxy: option '-c, --config <file>' argument missing"],
    [['start'], 'codis-proxy: too many arguments'],
  ])('refuses %j in a line, with a hint and status 2', (argv, line) => {
    const { parsed, out, err } = parse(...argv);
    expect(parsed).toEqual({ exitCode: 2 });
    expect(out).toBe('');
    expect(err.startsWith(line)).toBe(true);
    expect(err).toContain('  hint: codis-proxy --help');
    expect(err.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
  });

  test('--help and --version print to standard output and are no error', () => {
    const help = parse('--help');
    expect(help.parsed).toEqual({ exitCode: 0 });
    for (const option of ['-c', '-L', '--log-level', '--cpu', '--addr', '--http-addr']) {
      expect(help.out).toContain(option);
    }
    const version = parse('--version');
    expect(version.parsed).toEqual({ exitCode: 0 });
    expect(version.out).toMatch(/^\d+\.\d+\.\d+/);
  });
});
