import { randomBytes } from 'node:crypto';
import type { ClientBase } from 'pg';
import { describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/store/connection/database.js';
import {
  type HeldEvent,
  holdOnArrival,
  isPlaceFor,
  recordArrivalException,
} from '../../../src/store/exceptions/heldOnArrival.js';
import { freshSource, withDatabase } from '../../support/store.js';

const database = withDatabase();
const AT_MS = Date.parse('2026-03-01T12:00:00.000Z');
/** A row counts for no less, so one body and no second has place in it. */
const PLACE_FOR_ONE = 4 * 1024;

function arriving(changes: Partial<HeldEvent> = {}): HeldEvent {
  return {
    reason: 'unreadable',
    kind: 3,
    widget: 'main',
    eventId: randomBytes(32),
    receivedAtMs: AT_MS,
    bodyMac: randomBytes(16),
    sealed: randomBytes(100),
    facts: ['not JSON'],
    ...changes,
  };
}

/** The same event with other contents. */
function otherBody(event: HeldEvent): HeldEvent {
  return { ...event, bodyMac: randomBytes(16), sealed: randomBytes(100) };
}

const hold = (sourceId: number, event: HeldEvent, maxBytes?: number) =>
  holdOnArrival(database(), sourceId, 0, event, maxBytes);

async function rows(text: string, sourceId: number): Promise<unknown[]> {
  return (await database().pool.query<Record<string, unknown>>(text, [sourceId])).rows;
}

/** Of the source, oldest first. */
const exceptions = (sourceId: number) =>
  rows(
    `select partition, kind, widget, event_id as "eventId", body_mac as "bodyMac", sealed, reason, state, seq, arrivals, attempts,
       occurred_at as "occurredAt", evidence
     from exception where source_id = $1 order by id`,
    sourceId,
  );
const arrivals = (sourceId: number) =>
  rows('select arrivals from exception where source_id = $1 order by id', sourceId);
const ids = (sourceId: number) =>
  rows(
    `select event_id as "eventId", partition, kind, seq, arrivals, last_arrival_at as "lastArrivalAt" from event_id
     where source_id = $1 order by event_id`,
    sourceId,
  );
const turnedAway = (sourceId: number) =>
  rows('select event_id as "eventId", body_mac as "bodyMac", times from turned_away where source_id = $1', sourceId);

/** As a person abandons them. */
async function decideAll(sourceId: number): Promise<void> {
  await database().pool.query(
    `update exception set state = 'resolved', resolution = 'abandoned', resolved_at = clock_timestamp() where source_id = $1`,
    [sourceId],
  );
}

describe('a body that the log cannot carry', () => {
  it('is kept with what a person needs to decide, and its id is taken', async () => {
    const sourceId = await freshSource(database());
    const event = arriving({ reason: 'too-large', facts: ['2 MiB', 'by widget main'] });
    expect(await hold(sourceId, event)).toBe('held');
    const at = '2026-03-01T12:00:00.000Z';
    const { eventId, bodyMac, sealed } = event;
    expect(await exceptions(sourceId)).toEqual([
      {
        partition: 0,
        kind: 3,
        widget: 'main',
        eventId,
        bodyMac,
        sealed,
        seq: null,
        occurredAt: null,
        reason: 'too-large',
        state: 'held',
        arrivals: 1,
        attempts: 0,
        evidence: [
          { at, fact: '2 MiB' },
          { at, fact: 'by widget main' },
        ],
      },
    ]);
    expect(await ids(sourceId)).toEqual([
      { eventId, partition: 0, kind: 3, seq: 0, arrivals: 1, lastArrivalAt: new Date(AT_MS) },
    ]);
  });

  it('is one and the same when it comes once more: counted, with the time of the latest arrival', async () => {
    const sourceId = await freshSource(database());
    const event = arriving();
    await hold(sourceId, event);
    expect(await hold(sourceId, { ...event, receivedAtMs: AT_MS + 5_000, facts: ['again'] })).toBe('redelivered');
    expect(await hold(sourceId, { ...event, receivedAtMs: AT_MS + 1_000 })).toBe('redelivered');
    expect(await exceptions(sourceId)).toMatchObject([{ arrivals: 3, evidence: [{ fact: 'not JSON' }] }]);
    expect(await ids(sourceId)).toMatchObject([{ arrivals: 3, lastArrivalAt: new Date(AT_MS + 5_000) }]);
  });

  it('is held apart from another body with the same id, and from the same one of another source', async () => {
    const sourceId = await freshSource(database());
    const other = await freshSource(database());
    const event = arriving();
    await hold(sourceId, event);
    expect(await hold(sourceId, otherBody(event))).toBe('held');
    expect(await hold(other, event)).toBe('held');
    expect(await arrivals(sourceId)).toEqual([{ arrivals: 1 }, { arrivals: 1 }]);
    expect(await ids(sourceId)).toMatchObject([{ arrivals: 2 }]);
    expect(await ids(other)).toMatchObject([{ arrivals: 1 }]);
  });

  it('is asked about anew when it comes after the decision', async () => {
    const sourceId = await freshSource(database());
    const event = arriving();
    await hold(sourceId, event);
    await decideAll(sourceId);
    expect(await hold(sourceId, event)).toBe('held');
    expect(await hold(sourceId, event)).toBe('redelivered');
    expect(await exceptions(sourceId)).toMatchObject([
      { state: 'resolved', arrivals: 1 },
      { state: 'held', arrivals: 2 },
    ]);
  });

  it('is not taken where there is no place for it: neither it nor its id, but that it came is noted', async () => {
    const sourceId = await freshSource(database());
    const first = arriving();
    const second = arriving();
    expect(await hold(sourceId, first, PLACE_FOR_ONE)).toBe('held');
    expect(await hold(sourceId, second, PLACE_FOR_ONE)).toBe('no-place');
    expect(await exceptions(sourceId)).toMatchObject([{ eventId: first.eventId }]);
    expect(await ids(sourceId)).toMatchObject([{ eventId: first.eventId }]);
    expect(await turnedAway(sourceId)).toEqual([{ eventId: second.eventId, bodyMac: second.bodyMac, times: 1 }]);
  });

  it('waits for one that arrives at the same time, which may take the last place', async () => {
    const sourceId = await freshSource(database());
    const waiting = () =>
      rows(
        `select count(*) as count from pg_locks l join pg_database d on d.oid = l.database
         where d.datname = current_database() and locktype = 'advisory' and not granted and $1::int is not null`,
        sourceId,
      );
    const second = await inTransaction(database(), async (client) => {
      const first = arriving();
      expect(await isPlaceFor(client, { ...first, sourceId }, PLACE_FOR_ONE)).toBe(true);
      const arrival = hold(sourceId, arriving(), PLACE_FOR_ONE);
      await expect.poll(waiting).toEqual([{ count: 1 }]);
      await recordArrivalException(client, sourceId, 0, 'unreadable', first, []);
      return { arrival };
    });
    expect(await second.arrival).toBe('no-place');
    expect(await arrivals(sourceId)).toHaveLength(1);
  });
});

describe('the place for an arrival', () => {
  const placeFor = (sourceId: number, event: HeldEvent, maxBytes?: number) =>
    inTransaction(database(), (client) => isPlaceFor(client, { ...event, sourceId }, maxBytes));

  it('is there, whatever it takes, for what was acknowledged', async () => {
    const sourceId = await freshSource(database());
    await hold(sourceId, arriving());
    expect(await placeFor(sourceId, arriving({ sealed: Buffer.alloc(100_000) }))).toBe(true);
    expect(await turnedAway(sourceId)).toEqual([]);
  });

  it('is there for the body that has it already, until a person has decided about it', async () => {
    const sourceId = await freshSource(database());
    const event = arriving();
    await hold(sourceId, event);
    expect(await placeFor(sourceId, event, 1)).toBe(true);
    expect(await turnedAway(sourceId)).toEqual([]);
    await decideAll(sourceId);
    expect(await placeFor(sourceId, event, 1)).toBe(false);
    expect(await turnedAway(sourceId)).toMatchObject([{ times: 1 }]);
  });

  it('is not that of another body, another event or another source', async () => {
    const sourceId = await freshSource(database());
    const event = arriving();
    await hold(sourceId, event);
    expect(await placeFor(sourceId, otherBody(event), 1)).toBe(false);
    expect(await placeFor(sourceId, { ...event, eventId: randomBytes(32) }, 1)).toBe(false);
    expect(await placeFor(await freshSource(database()), event, 1)).toBe(false);
    expect(await turnedAway(sourceId)).toHaveLength(2);
  });

  it('notes what it turns away with the transaction that asks', async () => {
    const sourceId = await freshSource(database());
    const undone = inTransaction(database(), async (client) => {
      expect(await isPlaceFor(client, { ...arriving(), sourceId }, 1)).toBe(false);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(await turnedAway(sourceId)).toEqual([]);
  });
});

describe('an arrival among the exceptions', () => {
  const withClient = <T>(work: (client: ClientBase) => Promise<T>) => inTransaction(database(), work);

  it('carries when it occurred, and no widget where a release did not tell', async () => {
    const sourceId = await freshSource(database(), 2);
    const { widget: _untold, ...event } = { ...arriving(), occurredAtMs: AT_MS - 60_000 };
    expect(
      await withClient((client) =>
        recordArrivalException(client, sourceId, 1, 'conflict', event, ['same id', 'different content']),
      ),
    ).toBe(true);
    const at = '2026-03-01T12:00:00.000Z';
    expect(await exceptions(sourceId)).toMatchObject([
      {
        partition: 1,
        widget: '',
        reason: 'conflict',
        state: 'held',
        occurredAt: new Date(AT_MS - 60_000),
        evidence: [
          { at, fact: 'same id' },
          { at, fact: 'different content' },
        ],
      },
    ]);
  });

  it('is one that a person has not been asked about only the first time, also with its transaction not ended', async () => {
    const sourceId = await freshSource(database());
    const event = arriving();
    const record = (client: ClientBase, arrival: HeldEvent) =>
      recordArrivalException(client, sourceId, 0, 'conflict', arrival, []);
    expect(await withClient(async (client) => [await record(client, event), await record(client, event)])).toEqual([
      true,
      false,
    ]);
    expect(await withClient((client) => record(client, event))).toBe(false);
    expect(await withClient((client) => record(client, otherBody(event)))).toBe(true);
    expect(await arrivals(sourceId)).toEqual([{ arrivals: 3 }, { arrivals: 1 }]);
    await decideAll(sourceId);
    expect(await withClient((client) => record(client, event))).toBe(true);
  });
});
