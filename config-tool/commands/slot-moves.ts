import { type Command, InvalidArgumentError, Option } from 'commander';
import type { z } from 'zod';
import { OperatorError } from '../../base/errors.js';
import type { JobReply, PlanReply, planBody } from '../../dashboard/api/contract.js';
import { count, delayMs, groupIdArgument, slotIdArgument } from '../arguments.js';
import { confirmed } from '../confirm.js';
import type { Context } from '../context.js';
import { example } from '../help.js';
import { followMove } from '../move-follower.js';
import { describeMoves, describePlan } from '../move-view.js';

interface MoveFlags {
  readonly delay: number;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly detach?: boolean;
  readonly maxKeysPerSecond: number;
  readonly maxStall: number;
  readonly largeKeys: 'chunk' | 'hold' | 'block';
}

/** The verbs of `slot` that move keys. */
export function addMoveCommands(command: Command, context: Context): void {
  moving(
    command
      .command('migrate')
      .description(
        'move the slots <from> to <to> with their keys to a group, while they are served',
      )
      .addArgument(slotIdArgument('from', 'first slot'))
      .addArgument(slotIdArgument('to', 'last slot'))
      .addArgument(groupIdArgument()),
  )
    .addHelpText('after', example('slot migrate 0 255 2', 'slot migrate 0 255 2 --yes --detach'))
    .action((from: number, to: number, new_group: number, flags: MoveFlags) => {
      checkRange(from, to);
      return move(context, { kind: 'move', from, to, new_group }, flags);
    });

  moving(
    command
      .command('rebalance')
      .description('move slots until every group has its share, by its maxmemory where that is set')
      .addOption(
        new Option('--by <what>', 'what is to be in balance')
          .choices(['slots', 'keys', 'memory'])
          .default('slots'),
      ),
  )
    .addHelpText('after', example('slot rebalance', 'slot rebalance --by=memory --dry-run'))
    .action((flags: MoveFlags & { by: 'slots' | 'keys' | 'memory' }) =>
      move(context, { kind: 'rebalance', by: flags.by }, flags),
    );

  moving(
    command
      .command('drain-group')
      .description('move all slots of a group to the others, so that it can be removed')
      .addArgument(groupIdArgument()),
  )
    .addHelpText('after', example('slot drain-group 3'))
    .action((group: number, flags: MoveFlags) => move(context, { kind: 'drain', group }, flags));

  command
    .command('status')
    .description('show the moves, and follow the one under way')
    .addHelpText('after', example('slot status'))
    .action(async () => {
      const jobs = await context.client.listJobs();
      context.output.show(jobs, () => describeMoves(jobs));
      const running = jobs.find(isUnderWay);
      if (running && context.output.isForPeople) await follow(context, running.id);
    });

  for (const [action, description, sentence] of [
    ['pause', 'let a move rest: half-moved slots are served as they are', 'rests'],
    ['resume', 'go on with a move that rests, or try again what has failed', 'goes on'],
  ] as const) {
    command
      .command(action)
      .description(description)
      .addOption(moveOption())
      .addHelpText('after', example(`slot ${action}`))
      .action(async ({ move: id }: { move?: string }) => {
        const job = await chosenJob(context, id);
        await context.client.controlJob(job.id, { action });
        context.output.done(`${job.what}: ${sentence}`);
      });
  }

  command
    .command('cancel')
    .description('end a move: slots that have not begun stay where they are')
    .addOption(moveOption())
    .addOption(
      new Option('--back', 'half-moved slots go back to where they were').conflicts('forward'),
    )
    .addOption(new Option('--forward', 'half-moved slots go on to where they were to go'))
    .addHelpText('after', example('slot cancel --back', 'slot cancel --forward'))
    .action(async (flags: { move?: string; back?: boolean; forward?: boolean }) => {
      const direction = flags.back ? 'back' : flags.forward ? 'forward' : null;
      const job = await chosenJob(context, flags.move);
      await context.client.controlJob(job.id, {
        action: 'cancel',
        ...(direction ? { direction } : {}),
      });
      const ended = await followMove(context.client, job.id, 'quietly');
      context.output.done(`${job.what}: ${ended.message}`);
    });
}

function moving(command: Command): Command {
  return command
    .addOption(
      new Option('--delay <ms>', 'milliseconds to wait between keys').argParser(delayMs).default(0),
    )
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show what would move')
    .option('--detach', 'do not wait for the end')
    .addOption(
      new Option('--max-keys-per-second <number>', 'move no more keys than that')
        .argParser(count)
        .default(0, 'no limit'),
    )
    .addOption(
      new Option('--max-stall <ms>', 'keep a server busy no longer at a time')
        .argParser(atLeastOne)
        .default(0, '20, and 320 for a single key'),
    )
    .addOption(
      new Option(
        '--large-keys <policy>',
        'keys that stall for longer: copy them in pieces, leave their slots, or move as they are',
      )
        .choices(['chunk', 'hold', 'block'])
        .default('chunk'),
    );
}

function moveOption(): Option {
  return new Option('--move <id>', 'which one (default: the one that is under way)');
}

/**
 * Shows the plan, asks on a terminal, and waits for the end. Without a terminal nobody can be
 * asked: scripts of Codis 2 move slots without a word, so it goes on.
 */
async function move(
  context: Context,
  what: z.input<typeof planBody>,
  flags: MoveFlags,
): Promise<void> {
  const options = {
    delay: flags.delay,
    max_keys_per_second: flags.maxKeysPerSecond,
    max_stall: flags.maxStall,
    large_keys: flags.largeKeys,
  };
  const plan = await context.client.planMoves({ ...what, options });
  if (flags.dryRun || context.output.isForPeople)
    context.output.show(plan, () => describePlan(plan));
  if (flags.dryRun) return;
  if (plan.slots === 0) {
    if (!context.output.isForPeople) context.output.done('nothing to move');
    return;
  }
  const isAsked = flags.yes !== true && context.output.isForPeople && process.stdin.isTTY === true;
  if (isAsked && !(await confirmed('Move them?'))) return;
  const id = await start(context, plan);
  if (id === null) return;
  if (flags.detach) {
    context.output.done(`${plan.what}: begun. Follow it with: codis-config slot status`);
    return;
  }
  await follow(context, id);
}

async function start(context: Context, plan: PlanReply): Promise<string | null> {
  const { what, moves, options } = plan;
  return context.client.startMoves({ what, moves, options });
}

/** @throws OperatorError if it does not end well, or is left alone by Ctrl-C */
async function follow(context: Context, id: string): Promise<void> {
  const isTerminal = context.output.isForPeople && process.stderr.isTTY === true;
  const job = await followMove(context.client, id, isTerminal ? 'with a bar' : 'quietly');
  if (job.state === 'done') {
    context.output.done(`${job.what}: done, ${job.slots} slots and ${job.keys_moved} keys moved`);
    return;
  }
  if (job.state === 'failed') {
    throw new OperatorError(`${job.what}: ${job.message}`, {
      hint: 'when that is put right: codis-config slot resume; or end it: slot cancel',
    });
  }
  if (job.state === 'cancelled') throw new OperatorError(`${job.what}: ${job.message}`);
  if (job.state === 'paused') {
    throw new OperatorError(`${job.what} rests`, { hint: 'go on with: codis-config slot resume' });
  }
  throw new OperatorError(`${job.what} goes on without you`, {
    hint: 'see it again with: codis-config slot status',
  });
}

/** The one named, or the only one that has not ended. */
async function chosenJob(context: Context, id: string | undefined): Promise<JobReply> {
  if (id !== undefined) return context.client.getJob(id);
  const open = (await context.client.listJobs()).filter(isUnderWay);
  if (open.length === 1) return open[0]!;
  if (open.length === 0) throw new OperatorError('no move is under way');
  throw new OperatorError(`${open.length} moves are under way`, {
    hint: `say which one: --move=${open.map((job) => job.id).join(' or --move=')}`,
  });
}

function isUnderWay({ state }: JobReply): boolean {
  return state !== 'done' && state !== 'cancelled';
}

function atLeastOne(text: string): number {
  const value = count(text);
  if (value === 0) throw new InvalidArgumentError('It is a whole number from 1 on.');
  return value;
}

export function checkRange(from: number, to: number): void {
  if (from <= to) return;
  throw new OperatorError(`the range ${from} to ${to} is empty`, {
    hint: 'write the lower one first',
  });
}
