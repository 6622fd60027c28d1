/** A clock of the database's that is ahead, for a moment or for good. */
import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished, vi } from 'vitest';
import { claimPartition } from '../../../src/store/delivery/claim.js';
import { nextDueMs } from '../../../src/store/exceptions/exceptions.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { checkQuiet } from '../../../src/store/delivery/gate.js';
import { recordSetBack } from '../../../src/store/delivery/setBack.js';
import { findWakes } from '../../../src/store/delivery/wakes.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

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
  await expect.poll(() => checkQuiet(database(), sourceId), { timeout: 5_000 }).toEqual({ quiet: true });
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

/** An event's last attempt, as a clock a day ahead has written it. */
async function attemptedByAFastClock(state: 'sending' | 'waiting', nextAction: 'resend' | null): Promise<number> {
  const sourceId = await freshSource(database());
  await createEventLog(database()).append(sourceId, 0, [takenEvent(randomUUID())]);
  await database().pool.query(
    `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, next_action, next_at,
       attempts, attempt_at, created_at)
     select source_id, partition, kind, event_id, seq, logged_at, 'unknown', $2, $3, now() + interval '1 day 1 second',
       1, now() + interval '1 day', now() + interval '1 day'
     from event_body where source_id = $1`,
    [sourceId, state, nextAction],
  );
  return sourceId;
}

it('an answer is waited for no longer than it may take', async () => {
  const sourceId = await attemptedByAFastClock('sending', null);
  await expect.poll(() => checkQuiet(database(), sourceId), { timeout: 5_000 }).toEqual({ quiet: true });
});

it('an event that is to be sent again is not put off', async () => {
  const sourceId = await attemptedByAFastClock('waiting', 'resend');
  await checkQuiet(database(), sourceId);
  expect(await nextDueMs(database(), { sourceId, partition: 0 }, 0)).toBe(0);
});

it('a database that was set back by a clock ahead of ours leaves nothing to be sent again', async () => {
  const sourceId = await attemptedByAFastClock('waiting', 'resend');
  await recordSetBack(database(), { sourceId, partition: 0 }, { fence: 1 });
  const { rows } = await database().pool.query('select next_action from exception where source_id = $1', [sourceId]);
  expect(rows).toEqual([{ next_action: 'look-up' }]);
});
