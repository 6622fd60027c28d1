/** Drives landing by the simulator's clock; everything that waits is in the database, so a restart goes on where it stood. */
import pLimit from 'p-limit';
import type { Context } from '../context.js';
import { inTransaction, type LakeDatabase } from './database.js';
import type { Judge } from './judge.js';
import { landDue, type LandingDeps } from './landing.js';

/** Due times are rounded up to this, so that a stream of single events lands in batches and not one by one. */
const TICK_MS = 100;
/** While the lake is out, or its database does not answer. */
const RETRY_MS = 250;

export function dueAfter(nowMs: number, delayMs: number): number {
  return delayMs <= 0 ? nowMs : Math.ceil((nowMs + delayMs) / TICK_MS) * TICK_MS;
}

export interface Processing {
  /** Something waits that is due at this time. */
  expect(dueMs: number): void;
  /** Lands what is due and plans the rest: after a start. */
  resume(): Promise<void>;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
}

export function createProcessing(context: Context, lake: LakeDatabase, judge: Judge): Processing {
  const deps: LandingDeps = {
    sandboxName: lake.sandboxName,
    judge,
    policy: context.policy,
    knownTables: new WeakMap(),
  };
  let planned: { readonly dueMs: number; readonly cancel: () => void } | undefined;
  const inTurn = pLimit(1);
  let isStopped = false;

  function plan(dueMs: number): void {
    if (isStopped || (planned !== undefined && planned.dueMs <= dueMs)) return;
    planned?.cancel();
    planned = { dueMs, cancel: context.clock.schedule(dueMs, run) };
  }

  function run(): Promise<void> {
    planned = undefined;
    return inTurn(landAll);
  }

  async function landAll(): Promise<void> {
    try {
      while (await landRound());
      await planRest();
    } catch (error) {
      if (isStopped) return;
      context.log.warn({ err: error, sandbox: lake.sandboxName }, 'the lake does not take events; trying again');
      // A table that was made in a transaction that failed is not there.
      deps.knownTables = new WeakMap();
      plan(context.clock.now() + RETRY_MS);
    }
  }

  async function landRound(): Promise<boolean> {
    if (isStopped || context.policy.current.lakeOutage) return false;
    const nowMs = context.clock.now();
    return (await inTransaction(lake.pool, (client) => landDue(client, deps, nowMs))) > 0;
  }

  async function planRest(): Promise<void> {
    const { rows } = await lake.pool.query<{ due_ms: string | null }>('SELECT min(due_ms) AS due_ms FROM sim.pending');
    const next = rows[0]?.due_ms;
    if (next === null || next === undefined) return;
    const soonest = context.policy.current.lakeOutage ? context.clock.now() + RETRY_MS : 0;
    plan(Math.max(Number(next), soonest));
  }

  return {
    expect: plan,
    resume() {
      deps.knownTables = new WeakMap();
      return run();
    },
    async stop() {
      isStopped = true;
      planned?.cancel();
      await inTurn(() => undefined);
    },
  };
}
