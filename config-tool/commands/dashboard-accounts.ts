import { createHash, randomBytes } from 'node:crypto';
import { type Command, Option } from 'commander';
import { type AccountRole, parseAccount, ROLES, withAccount } from '../../base/accounts.js';
import { messageOf, OperatorError } from '../../base/errors.js';
import { hashPassword } from '../../base/password-hash.js';
import { count } from '../arguments.js';
import { setConfigLine } from '../config-line.js';
import type { Context } from '../context.js';
import { example } from '../help.js';
import { colored, NOTHING, table } from '../render.js';
import { readNewPassword } from '../secret-input.js';

const KEY = 'dashboard_accounts';
const TOKEN_BYTES = 32;
const USUAL_ENTRIES = 20;

interface PasswdArguments {
  role?: AccountRole;
  token?: boolean;
  write?: boolean;
}

/** `dashboard passwd`: makes an account, or gives it a new password or role. */
export function addPasswd(command: Command, context: Context): void {
  command
    .command('passwd')
    .description('make an account of the dashboard, or set its password')
    .argument('<name>', 'who logs in, or whose token it is')
    .addOption(new Option('--role <role>', 'what it may do (default: as before)').choices(ROLES))
    .option('--token', 'a token for a script instead of a password; it is printed once')
    .option('--write', 'write it into the config file instead of printing the line')
    .addHelpText(
      'after',
      example(
        '-c config.ini dashboard passwd ada --role=admin --write',
        'dashboard passwd ci --token',
      ),
    )
    .action(async (name: string, options: PasswdArguments) => setAccount(context, name, options));
}

async function setAccount(context: Context, name: string, args: PasswdArguments): Promise<void> {
  const { dashboardAccounts: accounts } = context.config;
  const former = accounts.find((account) => account.name === name);
  const role = args.role ?? former?.role;
  if (!role) {
    throw new OperatorError(`there is no account ${name} yet: say what it may do`, {
      hint: '--role=viewer sees everything, operator changes, admin also removes and resets',
    });
  }
  const token = args.token ? randomBytes(TOKEN_BYTES).toString('base64url') : null;
  const secret =
    token === null
      ? await hashPassword(await readNewPassword(name))
      : `sha256$${createHash('sha256').update(token).digest('base64url')}`;
  let value: string;
  try {
    value = withAccount(accounts, parseAccount(`${name}:${role}:${secret}`));
  } catch (cause) {
    throw new OperatorError(messageOf(cause), { cause });
  }
  if (!args.write) {
    process.stdout.write(`${KEY}=${value}\n`);
    process.stderr.write('put this line into the config.ini of every dashboard; restart them\n');
  } else {
    const { configFile } = context;
    if (configFile === null) {
      throw new OperatorError('there is no config file to write to', {
        hint: 'name one: codis-config -c <config_file> dashboard passwd …',
      });
    }
    setConfigLine(configFile, KEY, value);
    process.stderr.write(`${configFile} has the account ${name}; restart the dashboard\n`);
  }
  if (token !== null) {
    process.stderr.write('the token, which is not shown again:\n');
    process.stdout.write(`${token}\n`);
  }
}

/** `dashboard audit`: who changed what. */
export function addAudit(command: Command, context: Context): void {
  command
    .command('audit')
    .description('show who changed what, and when')
    .addOption(new Option('-n <num>', 'the newest <num>').argParser(count).default(USUAL_ENTRIES))
    .option('--verbose', 'also how it was before and after')
    .addHelpText('after', example('dashboard audit -n 50'))
    .action(async ({ n, verbose }: { n: number; verbose?: boolean }) => {
      const entries = await context.client.audit(Math.max(1, n));
      context.output.show(entries, () => {
        if (entries.length === 0) return 'nothing has been changed yet';
        return verbose ? entries.map(describe).join('\n\n') : listOf(entries);
      });
    });
}

type Entry = Awaited<ReturnType<Context['client']['audit']>>[number];

function listOf(entries: readonly Entry[]): string {
  return table(
    ['when', 'who', 'from', 'what', 'outcome'].map((title) => ({ title })),
    entries.map(({ at, who, from, what, outcome, error }) => [
      timeOf(at),
      who,
      from || NOTHING,
      what,
      error === '' ? colored(outcome) : `${colored(outcome)}: ${error}`,
    ]),
  );
}

function describe({ at, who, role, from, what, outcome, error, before, after }: Entry): string {
  const indented = (text: string) => text.replaceAll(/^/gm, '    ');
  return [
    `${timeOf(at)}  ${who}${role ? ` (${role})` : ''} from ${from}: ${what}`,
    `  ${outcome}${error === '' ? '' : `: ${error}`}`,
    ...(before === '' ? [] : ['  before', indented(before)]),
    ...(after === '' ? [] : ['  after', indented(after)]),
  ].join('\n');
}

/** In the terminal's time zone. */
function timeOf(at: number): string {
  const date = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
