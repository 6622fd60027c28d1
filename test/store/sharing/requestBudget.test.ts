/** Requests of an organisation to Adobe's services: however many sources and workers, one budget. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Database } from '../../../src/store/connection/database.js';
import {
  createRequestBudget,
  readBudgetStanding,
  type RequestBudgetOptions,
} from '../../../src/store/sharing/requestBudget.js';
import { statementsOf } from '../../support/manySources.js';
import { withDatabase } from '../../support/store.js';

const database = withDatabase();

const budgetOf = (organisation: string, options: Partial<RequestBudgetOptions> = {}, of: Database = database()) =>
  createRequestBudget(of, { organisation, ...options });

it('two workers together never begin more than the budget has, and all begin in the end', async () => {
  const organisation = randomUUID();
  const perSecond = 40;
  const workers = [budgetOf(organisation, { perSecond }), budgetOf(organisation, { perSecond })];
  const beganMs: number[] = [];
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: 120 }, async (_, number) => {
      expect(await workers[number % 2]?.take()).toBeUndefined();
      beganMs.push(performance.now());
    }),
  );
  expect(beganMs).toHaveLength(120);
  // A full bucket at first, and what comes in since then: nothing is seen to begin before it has begun.
  for (const [before, atMs] of beganMs.entries()) {
    expect(before + 1).toBeLessThanOrEqual(perSecond + ((atMs - startedMs) / 1_000) * perSecond);
  }
});

it('as many statements for four hundred that wait as for one', async () => {
  for (const perSecond of [undefined, 1_000]) {
    const statements = await statementsOf(database(), async (counted) => {
      const budget = budgetOf(randomUUID(), { perSecond }, counted);
      await Promise.all(Array.from({ length: 400 }, () => budget.take()));
    });
    expect(statements).toBe(1);
  }
});

it('nobody waits without an end: who has waited too long is told, and people see that somebody waits', async () => {
  const organisation = randomUUID();
  const budget = budgetOf(organisation, { perSecond: 1, waitsAtMostMs: 1_500 });
  expect(await budget.take()).toBeUndefined();
  const answers = await Promise.all(Array.from({ length: 20 }, () => budget.take()));
  expect(answers.filter((answer) => answer === 'used-up').length).toBeGreaterThan(10);
  const standing = await readBudgetStanding(database(), organisation);
  expect(standing).toMatchObject({ perSecond: 1 });
  expect(standing?.waitedAgoMs).toBeGreaterThanOrEqual(0);
});

it('who gives up takes nothing, and the next one has it', async () => {
  const budget = budgetOf(randomUUID(), { perSecond: 2 });
  await Promise.all([budget.take(), budget.take()]);
  const leaving = new AbortController();
  const left = budget.take(leaving.signal);
  const next = budget.take();
  leaving.abort();
  expect(await left).toBe('aborted');
  expect(await budget.take(leaving.signal)).toBe('aborted');
  expect(await next).toBeUndefined();
});

it('a pause that Adobe has asked one worker for is kept by all, with or without a limit', async () => {
  const organisation = randomUUID();
  const [told, other] = [budgetOf(organisation), budgetOf(organisation)];
  await other.take();
  const askedMs = performance.now();
  await told.pause(400);
  expect((await readBudgetStanding(database(), organisation))?.pausedForMs).toBeGreaterThan(0);
  await other.take();
  // The pause began after this process had asked for it.
  expect(performance.now() - askedMs).toBeGreaterThanOrEqual(400);
});

/** PostgreSQL, until it comes back unreachable. */
function awayForNow() {
  const { pool } = database();
  let isAway = true;
  const query = (...parameters: Parameters<typeof pool.query>) =>
    isAway ? Promise.reject(new Error('away')) : pool.query(...parameters);
  const away = { ...database(), pool: Object.assign(Object.create(pool) as typeof pool, { query }) };
  return { away, comesBack: () => void (isAway = false) };
}

it('without a limit no request waits for PostgreSQL', async () => {
  expect(await budgetOf(randomUUID(), {}, awayForNow().away).take()).toBeUndefined();
});

it('takes nothing while PostgreSQL cannot be asked what the others take, and goes on afterwards', async () => {
  const { away, comesBack } = awayForNow();
  const budget = budgetOf(randomUUID(), { perSecond: 10 }, away);
  let began = false;
  const taken = budget.take().then((answer) => ((began = true), answer));
  await budgetOf(randomUUID()).take();
  expect(began).toBe(false);
  comesBack();
  expect(await taken).toBeUndefined();
});
