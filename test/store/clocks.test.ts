/** A clock of the database's that is ahead, for a moment or for good. */
import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import { claimPartition } from '../../src/store/claim.js';
import { createEventLog } from '../../src/store/eventLog.js';
import { settleQuiet } from '../../src/store/gate.js';
import { findWakes } from '../../src/store/wakes.js';
import { freshSource, takenEvent, withDatabase } from '../support/store.js';

const database = withDatabase();
const LEASE_MS = 400;

/** A drain has died, and left a lease that was given by a clock a day ahead. */
async function leasedByAFastClock(): Promise<number> {
  const sourceId = await freshSource(database());
  await claimPartition(database(), { sourceId, partition: 0, holder: 'dead', leaseMs: LEASE_MS });
  await database().pool.query(
    `update partition_cursor set lease_until = lease_until + interval '1 day' where source_id = $1`,
    [sourceId],
  );
  return sourceId;
}

it('a lease is never longer than it was given for', async () => {
  const sourceId = await leasedByAFastClock();
  const claim = () => claimPartition(database(), { sourceId, partition: 0, holder: 'next', leaseMs: LEASE_MS });
  const first = await claim();
  expect(first).toMatchObject({ state: 'busy' });
  expect((first as { leaseLeftMs?: number }).leaseLeftMs).toBeLessThanOrEqual(LEASE_MS);
  await expect.poll(claim, { timeout: 5_000 }).toMatchObject({ state: 'claimed' });
});

it('neither a closing gate nor a wake waits for it', async () => {
  const sourceId = await leasedByAFastClock();
  await createEventLog(database()).append(sourceId, 0, [takenEvent(randomUUID())]);
  expect((await findWakes(database())).map((wake) => wake.sourceId)).toContain(sourceId);
  await expect.poll(() => settleQuiet(database(), sourceId), { timeout: 5_000 }).toEqual({ quiet: true });
});

it('a clock that jumps ahead does not give its time to the log', async () => {
  const sourceId = await freshSource(database());
  const log = createEventLog(database());
  const hoursBehindMs = 48 * 3_600_000;
  const real = Date.now();
  const ours = vi.spyOn(Date, 'now').mockReturnValue(real - hoursBehindMs);
  onTestFinished(() => ours.mockRestore());
  await log.append(sourceId, 0, [takenEvent(randomUUID())]);
  const { rows } = await database().pool.query<{ last_logged_at: Date }>(
    'select last_logged_at from partition_head where source_id = $1',
    [sourceId],
  );
  expect(rows[0]?.last_logged_at.getTime()).toBeLessThanOrEqual(real - hoursBehindMs + 3_600_000);
});
