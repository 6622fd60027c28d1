import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startMaintenance } from '../../../src/activities/maintenance.js';
import type { Decision } from '../../../src/domain/exceptions/exceptions.js';
import { decideHeld } from '../../../src/store/decisions/decisions.js';
import { claimResends } from '../../../src/store/exceptions/exceptions.js';
import { eraseAbandonedBodies, forgetTurnedAway } from '../../../src/store/exceptions/heldErasure.js';
import { keepInletAnswers, readInletAnswers } from '../../../src/store/delivery/inletAnswers.js';
import { countEvents } from '../../../src/store/views/eventCounts.js';
import { findException } from '../../../src/store/views/exceptionPages.js';
import { noteTurnedAway } from '../../../src/store/exceptions/heldPlace.js';
import { withHeldSource } from '../../activities/held/source.js';
import { silentLog } from '../../support/store.js';

const source = withHeldSource();
const DAY_MS = 86_400_000;

async function decide(decision: Decision, ids: readonly number[]) {
  const { database, sourceId, name } = source();
  const input = { decision, ids, by: 'ana', why: 'a test' };
  return decideHeld(database, { sourceId, name, requestId: randomUUID(), input }, () => ({ fault: 'not replaced' }));
}

/** Long ago, by the source's settings. */
async function decidedAgo(ago: string, retentionMs = 7 * DAY_MS): Promise<void> {
  const { database, sourceId } = source();
  await database.pool.query(
    `update exception set resolved_at = clock_timestamp() - $2::interval where source_id = $1`,
    [sourceId, ago],
  );
  await database.pool.query('update source set delivery = $2 where id = $1', [sourceId, { retentionMs }]);
}

const bodies = async () =>
  (
    await source().rows('select octet_length(sealed) > 0 as kept from event_body where source_id = $1 order by seq')
  ).map(({ kept }) => kept);

/** Without ages. */
async function numbers(): Promise<object> {
  const { counters } = await countEvents(source().database, source().sourceId);
  return Object.fromEntries(Object.entries(counters).filter(([name]) => !name.startsWith('oldest')));
}

async function eraseAll(): Promise<void> {
  while ((await eraseAbandonedBodies(source().database)) > 0);
}

describe('the body that the log has of an event that was abandoned', () => {
  it.each([
    { ago: '23 hours', retentionMs: 7 * DAY_MS, kept: true },
    { ago: '25 hours', retentionMs: 7 * DAY_MS, kept: false },
    { ago: '2 hours', retentionMs: 3_600_000, kept: false },
  ])('$ago after it, with a retention of $retentionMs ms: kept is $kept', async ({ ago, retentionMs, kept }) => {
    const [abandoned = 0, delivered = 0] = await source().hold(3, 'unknown');
    await decide('abandon', [abandoned]);
    await decide('mark-delivered', [delivered]);
    await decidedAgo(ago, retentionMs);
    await eraseAll();
    expect(await bodies()).toEqual([kept, true, true]);
  });

  it('is erased once, with what the inlet said of it; what counts and looks later still finds the event', async () => {
    const { database, keyRing, sourceId } = source();
    const [id = 0] = await source().hold(2, 'refused');
    const before = await findException(database, sourceId, id);
    expect(before?.sealed?.length).toBeGreaterThan(0);
    const eventId = Buffer.from(before?.details.exception.eventId ?? '', 'hex');
    await keepInletAnswers(database, keyRing, sourceId, [{ eventId, text: 'of a visitor: refused' }]);
    await decide('abandon', [id]);
    await decidedAgo('25 hours');
    const counted = await numbers();

    const maintenance = startMaintenance({ database, log: silentLog });
    await expect.poll(bodies).toEqual([false, true]);
    await maintenance.close();
    await eraseAll();
    const { sealed, details } = (await findException(database, sourceId, id)) ?? {};
    expect(sealed).toBeUndefined();
    expect(details?.evidence.filter(({ fact }) => fact === 'its body was erased')).toHaveLength(1);
    expect(await readInletAnswers(database, keyRing, sourceId, eventId)).toEqual([]);
    expect(await numbers()).toEqual(counted);
    expect(await source().rows('select count(*) as ids from event_id where source_id = $1')).toEqual([{ ids: 2 }]);
  });

  it('is gone: a resend is refused, and says so', async () => {
    const [id = 0] = await source().hold(1, 'refused');
    await decide('abandon', [id]);
    await decidedAgo('25 hours');
    await expect(decide('resend', [id])).rejects.toMatchObject({ error: { fields: { state: 'resolved' } } });
    await eraseAll();
    await expect(decide('resend', [id])).rejects.toMatchObject({
      error: { code: 'CAEP_EVENT_DECIDED', fields: { state: 'resolved, and its body was erased' } },
    });
  });

  it('is not sent as an empty one, where its row was set to be sent again by hand', async () => {
    const { database, sourceId } = source();
    const [id = 0] = await source().hold(1, 'refused');
    await decide('abandon', [id]);
    await decidedAgo('25 hours');
    await eraseAll();
    await database.pool.query(
      `with opened as (insert into gate (source_id, open) values ($1, true) on conflict (source_id) do update set open = true),
         held as (update partition_cursor set fence = 1, claim_id = $2, lease_until = clock_timestamp() + interval '1 minute'
                  where source_id = $1 and partition = 0)
       update exception set state = 'waiting', next_action = 'resend', next_at = clock_timestamp(), resolution = null
       where source_id = $1`,
      [sourceId, CLAIM],
    );
    const holding = { sourceId, partition: 0, fence: 1, claimId: CLAIM, limit: 10, answerWithinMs: 1_000 };
    expect(await claimResends(database, holding)).toMatchObject([{ exceptionId: id, sealed: undefined }]);
  });
});

describe('what was turned away', () => {
  it('is noted for 90 days after it came last, however long ago it came first', async () => {
    const { database, sourceId } = source();
    const turnedAway = async (firstAgo: string, lastAgo: string): Promise<string> => {
      const body = { sourceId, kind: 1, eventId: randomBytes(32), bodyMac: randomBytes(16), sealed: Buffer.alloc(1) };
      await database.pool.connect().then((client) => noteTurnedAway(client, body).finally(() => client.release()));
      await database.pool.query(
        `update turned_away set first_at = clock_timestamp() - $3::interval, last_at = clock_timestamp() - $4::interval
         where source_id = $1 and event_id = $2`,
        [sourceId, body.eventId, firstAgo, lastAgo],
      );
      return body.eventId.toString('hex');
    };
    await turnedAway('90 days 1 minute', '90 days 1 minute');
    const justNoted = await turnedAway('90 days', '89 days 23 hours');
    const comesStill = await turnedAway('1000 days', '1 day');
    await forgetTurnedAway(database);
    const kept = await source().rows(
      `select encode(event_id, 'hex') as id from turned_away where source_id = $1 order by last_at`,
    );
    expect(kept).toEqual([{ id: justNoted }, { id: comesStill }]);
  });
});

const CLAIM = randomUUID();
