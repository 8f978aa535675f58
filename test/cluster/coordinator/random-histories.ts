import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Coordinator, Operation } from '../../../cluster/coordinator/coordinator.js';
import type { Clients } from './conformance.js';
import { Refusal, type Step, TreeModel } from './tree-model.js';

const RUNS = 40;

const path = fc
  .array(fc.constantFrom('a', 'b'), { minLength: 1, maxLength: 3 })
  .map((names) => `/${names.join('/')}`);
const data = fc.constantFrom('', 'x', '{"é":"😀"}');
const version = fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record(
    {
      type: fc.constant('create' as const),
      path,
      data,
      ephemeral: fc.constant('session' as const),
    },
    { requiredKeys: ['type', 'path', 'data'] },
  ),
  fc.record({ type: fc.constant('set' as const), path, data, version }).map(withoutUndefined),
  fc.record({ type: fc.constant('delete' as const), path, version }).map(withoutUndefined),
  fc.record({
    type: fc.constant('check' as const),
    path,
    version: fc.integer({ min: 0, max: 2 }),
  }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('put' as const), path, data, ephemeral: fc.boolean() }),
  fc.record({
    type: fc.constant('number' as const),
    path: path.chain((at) => fc.constantFrom(`${at}/`, `${at}-`)),
    data,
  }),
  fc.record({ type: fc.constant('set' as const), path, data, version }).map(withoutUndefined),
  fc.record({ type: fc.constant('delete' as const), path, version }).map(withoutUndefined),
  fc.record({
    type: fc.constant('multi' as const),
    operations: fc.array(operation, { minLength: 1, maxLength: 5 }),
  }),
);

/** Random histories end as in the model, step by step, whichever of two clients does a step. */
export function describeHistories(driver: string, start: () => Promise<Clients>): void {
  describe(`histories on ${driver}`, () => {
    let clients: Clients;
    let both: [Coordinator, Coordinator];
    let count = 0;
    beforeAll(async () => {
      clients = await start();
      both = [await clients.open(), await clients.open()];
    });
    afterAll(async () => {
      await Promise.all((both ?? []).map((coordinator) => coordinator.close()));
      await clients?.end();
    });

    test('go as in the model', async () => {
      const history = fc.array(fc.tuple(step, fc.boolean()), { minLength: 1, maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const root = `/history-${driver}-${++count}`;
          await both[0].create(root, '');
          const model = new TreeModel(root);
          for (const [relative, isOther] of steps) {
            const one = both[isOther ? 1 : 0];
            const rooted = below(root, relative);
            expect(await outcomeOf(() => perform(one, rooted))).toEqual(
              await outcomeOf(async () => model.apply(rooted)),
            );
          }
          for (const coordinator of both) {
            const { paths } = model;
            expect(await coordinator.getAll(paths)).toEqual(paths.map((at) => model.get(at)));
            for (const at of paths) {
              expect(await coordinator.children(at)).toEqual(model.children(at));
            }
          }
        }),
        { numRuns: RUNS },
      );
    });
  });
}

function perform(coordinator: Coordinator, done: Step): Promise<unknown> {
  switch (done.type) {
    case 'put':
      return coordinator.create(
        done.path,
        done.data,
        done.ephemeral ? { ephemeral: 'session' } : {},
      );
    case 'number':
      return coordinator.create(done.path, done.data, { sequential: true });
    case 'set':
      return coordinator.set(done.path, done.data, done.version);
    case 'delete':
      return coordinator.delete(done.path, done.version);
    case 'multi':
      return coordinator.multi(done.operations);
    default:
      return coordinator.multi([done]);
  }
}

async function outcomeOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return { returned: await work() };
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    return { refused: error instanceof Error ? error.name : error };
  }
}

function below(root: string, { ...relative }: Step): Step {
  if (relative.type === 'multi') {
    const operations = relative.operations.map((part) => ({ ...part, path: root + part.path }));
    return { type: 'multi', operations };
  }
  return { ...relative, path: root + relative.path };
}

/** With exactOptionalPropertyTypes an absent version has no key. */
function withoutUndefined<T extends { version: number | undefined }>({
  version,
  ...rest
}: T): Omit<T, 'version'> & { version?: number } {
  return version === undefined ? rest : { ...rest, version };
}
