import type { Context } from 'koa';
import type { Cluster } from '../cluster.js';
import { InvalidInputError } from '../errors.js';
import type { Garbage } from '../service/actions.js';
import * as contract from './contract.js';
import { OK, type RouteName } from './contract.js';
import { readBody, replyRecord, replyShort, wholeNumber } from './http.js';
import { createMetrics } from './metrics.js';
import type { Handler } from './router.js';

/** What the routes of Codis 2, and those that were added in its manner, call. */
export function codisHandlers(cluster: Cluster): Record<RouteName, Handler> {
  const { groups, servers, promotion, slots, migration, proxies, actions, overview } = cluster;
  const listSlots = record(() => slots.list());
  const metrics = createMetrics(cluster);
  return {
    listGroups: record(() => groups.list()),
    getGroup: record((ctx) => groups.get(groupOf(ctx))),
    addGroup: change(async (ctx) => {
      await groups.add((await readBody(ctx, contract.addGroupBody)).id);
    }),
    removeGroup: change((ctx) => groups.remove(groupOf(ctx))),
    addServer: change(async (ctx) => {
      const { addr, type } = await readBody(ctx, contract.addServerBody);
      await servers.add(groupOf(ctx), addr, type);
    }),
    removeServer: change(async (ctx) => {
      const { addr } = await readBody(ctx, contract.serverBody);
      await servers.remove(groupOf(ctx), addr);
    }),
    promote: change(async (ctx) => {
      const { addr } = await readBody(ctx, contract.serverBody);
      await promotion.promote(groupOf(ctx), addr);
    }),

    listSlots,
    listSlotsToo: listSlots,
    getSlot: record((ctx) => slots.get(slotOf(ctx))),
    initSlots: change((ctx) => slots.init(isForced(ctx) ? 'reset' : 'keep')),
    setSlots: change(async (ctx) => {
      const body = await readBody(ctx, contract.setSlotsBody);
      const keysLeft = body.force ? 'accept' : 'refuse';
      await slots.set(body.from, body.to, body.new_group, body.status, keysLeft);
    }),
    migrate: change(async (ctx) => {
      await migration.migrate(await readBody(ctx, contract.migrateBody));
    }),
    rebalance: change(async (ctx) => {
      await migration.rebalance(wholeNumber(ctx.query.delay ?? '0', 'delay'));
    }),
    migrateStatus: record(() => migration.status()),
    migrateTasks: record(() => migration.tasks()),
    planMoves: record(async (ctx) => migration.plan(await readBody(ctx, contract.planBody))),
    startMoves: record(async (ctx) => ({
      job: await migration.start(await readBody(ctx, contract.startMovesBody)),
    })),
    listJobs: record(() => migration.jobs()),
    getJob: record((ctx) => migration.job(ctx.params.job)),
    controlJob: change(async (ctx) => {
      await migration.control(ctx.params.job, await readBody(ctx, contract.controlJobBody));
    }),

    listProxies: record(() => proxies.list()),
    setProxyState: change(async (ctx) => {
      const { id, state } = await readBody(ctx, contract.setProxyStateBody);
      await proxies.setState(id, state);
    }),
    proxyVars: record(() => cluster.proxyVars.fetchAll()),

    overview: record(() => overview.show()),
    redisStat: record((ctx) => overview.redisStat(ctx.params.addr)),
    redisSlotInfo: record((ctx) => overview.slotInfo(ctx.params.addr, slotOf(ctx))),
    groupSlotInfo: record((ctx) => overview.groupSlotInfo(groupOf(ctx), slotOf(ctx))),

    gcActions: change(async (ctx) => {
      await actions.collect(garbageOf(ctx));
    }),
    removeLocks: change(() => actions.removeLocks()),
    removeFences: change(() => actions.removeFences()),

    haStatus: record(() => cluster.ha.status()),
    metrics: async (ctx) => {
      ctx.type = metrics.contentType;
      ctx.body = await metrics.metrics();
    },
    health: async (ctx) => {
      const health = cluster.health();
      ctx.status = cluster.canChange ? 200 : 503;
      ctx.type = 'application/json; charset=utf-8';
      ctx.body = JSON.stringify(health);
    },
  };
}

/** A route that shows something. */
function record(load: (ctx: Context) => Promise<unknown>): Handler {
  return async (ctx) => replyRecord(ctx, await load(ctx));
}

/** A route that changes something. */
function change(make: (ctx: Context) => Promise<void>): Handler {
  return async (ctx) => {
    await make(ctx);
    replyShort(ctx, OK);
  };
}

function groupOf(ctx: Context): number {
  return wholeNumber(ctx.params.group, 'group');
}

function slotOf(ctx: Context): number {
  return wholeNumber(ctx.params.slot, 'slot');
}

function isForced(ctx: Context): boolean {
  const value = ctx.query.is_force;
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

function garbageOf(ctx: Context): Garbage {
  const { keep, secs } = ctx.query;
  if ((keep === undefined) === (secs === undefined)) {
    throw new InvalidInputError('say which actions to delete: either keep or secs', {
      hint: 'for example ?keep=100 or ?secs=86400',
    });
  }
  const what = keep === undefined ? 'secs' : 'keep';
  const value = wholeNumber(keep ?? secs, what);
  if (value < 0) throw new InvalidInputError(`${what}: ${value} is less than 0`);
  return keep === undefined ? { secs: value } : { keep: value };
}
