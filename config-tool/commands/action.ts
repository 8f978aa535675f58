import { Command, Option } from 'commander';
import { OperatorError } from '../../base/errors.js';
import { count } from '../arguments.js';
import type { Context } from '../context.js';
import { example } from '../help.js';

export function actionCommand(context: Context): Command {
  const command = new Command('action').description('what the dashboard has told the proxies');

  command
    .command('gc')
    .description('remove old actions from the coordinator')
    .addOption(new Option('-n <num>', 'keep the newest <num>').argParser(count).conflicts(['s']))
    .addOption(new Option('-s <seconds>', 'keep those not older than <seconds>').argParser(count))
    .addHelpText('after', example('action gc -n 500', 'action gc -s 86400'))
    .action(async (options: { n?: number; s?: number }) => {
      if (options.n !== undefined) await context.client.gcActions({ keep: options.n });
      else if (options.s !== undefined) await context.client.gcActions({ secs: options.s });
      else throw new OperatorError('say which actions to keep: -n <num> or -s <seconds>');
      context.output.done('old actions are removed');
    });

  command
    .command('remove-lock')
    .description('remove the lock that a Codis 2 tool left when it was killed')
    .addHelpText('after', example('action remove-lock'))
    .action(async () => {
      await context.client.removeLocks();
      context.output.done('no lock is left');
    });

  command
    .command('remove-fence')
    .description('remove the fences of proxies that are gone')
    .addHelpText('after', example('action remove-fence'))
    .action(async () => {
      await context.client.removeFences();
      context.output.done('the fences of proxies that are gone are removed');
    });

  return command;
}
