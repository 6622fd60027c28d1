/** What is done for all sources at once is done by one worker, and by another once that one is gone. */
import { randomUUID } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import type { Database } from '../../../src/store/connection/database.js';
import { startDuty } from '../../../src/store/sharing/duty.js';
import { silentLog, withDatabase } from '../../support/store.js';

const database = withDatabase();
const PATIENCE = { timeout: 20_000, interval: 20 };
const started: ReturnType<typeof startDuty>[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

function worker(duty: string, { leaseMs = 60_000, of = database() } = {}) {
  const one = startDuty({ database: of, holder: 'test', log: silentLog, duty, leaseMs, renewEveryMs: 20 });
  started.push(one);
  return one;
}

/** Of a process that stands still, or is dead, from then on. */
function reachableUntil(isOver: () => boolean): Database {
  const { pool } = database();
  const query = (...parameters: Parameters<typeof pool.query>) =>
    isOver() ? Promise.reject(new Error('away')) : pool.query(...parameters);
  return { ...database(), pool: Object.assign(Object.create(pool) as typeof pool, { query }) };
}

async function leases(duty: string): Promise<number> {
  const { rowCount } = await database().pool.query('select from duty_lease where duty = $1', [duty]);
  return rowCount ?? 0;
}

it('one of many workers has it, and keeps it', async () => {
  const duty = randomUUID();
  const workers = Array.from({ length: 5 }, () => worker(duty));
  await expect.poll(() => workers.filter((one) => one.isMine()).length, PATIENCE).toBe(1);
  const first = workers.findIndex((one) => one.isMine());
  // Each has asked many times more.
  const { rows } = await database().pool.query<{ until: Date }>(
    'select lease_until as until from duty_lease where duty = $1',
    [duty],
  );
  await expect
    .poll(async () => {
      const again = await database().pool.query<{ until: Date }>(
        'select lease_until as until from duty_lease where duty = $1',
        [duty],
      );
      return Number(again.rows[0]?.until) - Number(rows[0]?.until);
    }, PATIENCE)
    .toBeGreaterThan(200);
  expect(workers.map((one) => one.isMine())).toEqual(workers.map((_, index) => index === first));
});

it('passes to another when the one that has it stands still, which then knows that it has it no more', async () => {
  const duty = randomUUID();
  let hadIt = false;
  const still = worker(duty, { leaseMs: 300, of: reachableUntil(() => hadIt) });
  still.onTaken(() => (hadIt = true));
  await expect.poll(() => hadIt, PATIENCE).toBe(true);
  let taken = 0;
  const other = worker(duty);
  other.onTaken(() => (taken += 1));
  await expect.poll(() => other.isMine(), PATIENCE).toBe(true);
  expect(still.isMine()).toBe(false);
  expect(taken).toBe(1);
});

it('is given back by one that ends, and taken at once', async () => {
  const duty = randomUUID();
  const first = worker(duty);
  await expect.poll(() => first.isMine(), PATIENCE).toBe(true);
  const second = worker(duty);
  await first.close();
  expect(first.isMine()).toBe(false);
  await expect.poll(() => second.isMine(), PATIENCE).toBe(true);
  await second.close();
  expect(await leases(duty)).toBe(0);
});

it('is not kept for ever by a lease that a clock has given which was ahead', async () => {
  const duty = randomUUID();
  await database().pool.query(
    `insert into duty_lease (duty, holder, token, lease_ms, lease_until) values ($1, 'gone', $2, 6000, now() + interval '1 day')`,
    [duty, randomUUID()],
  );
  const one = worker(duty);
  await expect.poll(() => one.isMine(), PATIENCE).toBe(true);
});
