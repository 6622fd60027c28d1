/** The tail of a source's events, on a real database. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventPage } from '../../../src/activities/inquiry/events.js';
import type { EventPage } from '../../../src/domain/events/shownEvents.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { pageOfEvents, sealedBodies } from '../../../src/store/views/eventPages.js';
import { withHeldSource } from '../../activities/held/source.js';
import { createAsker } from '../../../src/temporal/sealedAnswer.js';
import { takenEvent } from '../../support/store.js';

const source = withHeldSource();

const page = (changes: { after?: EventPage['position']; limit?: number } = {}) => {
  const { database, sourceId } = source();
  return pageOfEvents(database, { sourceId, limit: 10, ...changes });
};
const states = ({ events }: EventPage) =>
  events.map(({ state, reason }) => (reason === undefined ? state : `${state} ${reason}`));

async function logOne() {
  const { database, sourceId } = source();
  const event = takenEvent(randomUUID());
  await createEventLog(database).append(sourceId, 0, [event]);
  return event;
}

describe('a page of events', () => {
  it('has arrivals that were held among those of the log, in the order in which they came', async () => {
    const { database, sourceId, holdRaw } = source();
    const event = await logOne();
    const id = await holdRaw('not JSON', 'feedback');
    const other = { ...event, bodyMac: Buffer.alloc(16, 7), stableMac: Buffer.alloc(16, 7) };
    await createEventLog(database).append(sourceId, 0, [other]);
    const newest = await page();
    expect(states(newest)).toEqual(['waiting', 'held unreadable', 'held conflict']);
    expect(newest.events[1]).toMatchObject({ eventId: id, seq: 0, exceptionId: expect.any(Number) as number });
  });

  it('goes on after what was shown, of the log and of held arrivals, and leaves none out when it is full', async () => {
    const { holdRaw } = source();
    await logOne();
    let { position } = await page();
    for (let n = 0; n < 3; n += 1) {
      await logOne();
      await holdRaw(`{${n}`, 'feedback');
    }
    const seen: string[] = [];
    for (let pages = 0; pages < 6; pages += 1) {
      const next = await page({ after: position, limit: 2 });
      seen.push(...states(next));
      ({ position } = next);
    }
    expect(seen.sort()).toEqual([...Array<string>(3).fill('held unreadable'), ...Array<string>(3).fill('waiting')]);
    expect((await page({ after: position })).events).toEqual([]);
  });

  it('says that the limit has left older ones out', async () => {
    await logOne();
    await logOne();
    expect((await page({ limit: 2 })).older).toBeUndefined();
    expect((await page({ limit: 1 })).older).toBe(true);
  });

  it('tells what is looked for from what waits to be sent, and each decision by its own word', async () => {
    const { database, hold } = source();
    const ids = await hold(5, 'unknown');
    const change = (id: number | undefined, to: string) =>
      database.pool.query(`update exception set ${to} where id = $1`, [id]);
    await change(ids[0], `state = 'waiting', next_action = 'look-up', next_at = now()`);
    await change(ids[1], `state = 'waiting', next_action = 'resend', next_at = now()`);
    await change(
      ids[2],
      `state = 'resolved', resolved_at = now(), resolution = 'replaced', decision = 'deliver-as-new'`,
    );
    await change(
      ids[3],
      `state = 'resolved', resolved_at = now(), resolution = 'delivered', decision = 'mark-delivered'`,
    );
    expect(states(await page())).toEqual([
      'looked-for unknown',
      'waiting unknown',
      'replaced',
      'marked-delivered',
      'held unknown',
    ]);
  });
});

describe('the question for events', () => {
  it('waits for an outcome of those that were shown, and tells it', async () => {
    const { database, keyRing, sourceId, name, holdRaw } = source();
    await logOne();
    await holdRaw('not JSON', 'feedback');
    const shown = await page();
    const watched = shown.events.map(({ partition, seq, exceptionId, state }) => ({
      partition,
      seq,
      exceptionId,
      state,
    }));
    const asked = { v: 1, ask: 'events', name, after: shown.position, limit: 10, waitMs: 15_000, watched } as const;
    const answer = eventPage({ database, keyRing }, asked);
    await database.pool.query('update partition_cursor set cursor_seq = 1, intended_seq = 1 where source_id = $1', [
      sourceId,
    ]);
    expect((await answer).changed).toEqual([{ index: 0, state: 'accepted' }]);
    await database.pool.query(
      `update exception set state = 'resolved', resolution = 'abandoned', resolved_at = now() where source_id = $1`,
      [sourceId],
    );
    expect((await eventPage({ database, keyRing }, asked)).changed).toEqual([
      { index: 0, state: 'accepted' },
      { index: 1, state: 'abandoned' },
    ]);
  });

  it('shows the content of an arrival that was held', async () => {
    const { database, keyRing, name, holdRaw } = source();
    await holdRaw('not JSON, of a visitor', 'feedback');
    const asker = createAsker(keyRing.accessKey);
    const { sealedBodies = '' } = await eventPage(
      { database, keyRing },
      { v: 1, ask: 'events', name, limit: 1, sealTo: asker.sealTo },
    );
    expect(JSON.parse(asker.open(sealedBodies))).toEqual(['not JSON, of a visitor']);
  });
});

describe('the bodies of events that are shown', () => {
  it('are given in their order, of the log and of held arrivals; none of one that was erased', async () => {
    const { database, sourceId, holdRaw } = source();
    const [first, second] = [await logOne(), await logOne()];
    await holdRaw('not JSON', 'feedback');
    const { events } = await page();
    await database.pool.query(`update event_body set sealed = '' where source_id = $1 and event_id = $2`, [
      sourceId,
      first.eventId,
    ]);
    const { rows } = await database.pool.query<{ sealed: Buffer }>(
      'select sealed from exception where source_id = $1',
      [sourceId],
    );
    const bodies = await sealedBodies(database, sourceId, [...events].reverse());
    expect(bodies).toEqual([rows[0]?.sealed, second.sealed, undefined]);
  });

  it('are of this source alone', async () => {
    const { database, sourceId, holdRaw } = source();
    await logOne();
    await holdRaw('not JSON', 'feedback');
    const { events } = await page();
    expect(await sealedBodies(database, sourceId + 1, events)).toEqual([undefined, undefined]);
  });
});
