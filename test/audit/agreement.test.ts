/** `status` and `audit` count with SQL of their own, and must say the same of every event. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { audit } from '../../src/audit/audit.js';
import { EVENT_PARTS } from '../../src/domain/events/eventParts.js';
import { countEvents, type EventCounts } from '../../src/store/views/eventCounts.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { withHeldSource } from '../activities/held/source.js';
import { takenEvent } from '../support/store.js';

const source = withHeldSource();

async function audited() {
  const { database, sourceId, name } = source();
  const client = await database.pool.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    const window = { sourceId, since: new Date(0), until: new Date(Date.now() + 1_000) };
    const sides = { snapshot: client, present: database.pool, notKnown: [], now: new Date() };
    return (await audit({ ...window, name, lakeLatencyMs: 3_600_000 }, sides)).counts;
  } finally {
    await client.query('rollback');
    client.release();
  }
}

async function agreed(): Promise<EventCounts> {
  const { database, sourceId } = source();
  const [counts, { counters }] = [await audited(), await countEvents(database, sourceId)];
  const { parts } = counters;
  expect(EVENT_PARTS.reduce((sum, part) => sum + parts[part], 0)).toBe(counters.taken);
  expect({
    taken: counters.taken,
    accepted: parts.accepted,
    waiting: parts.waiting + parts.sending,
    undecided: parts.lookedFor + parts.held,
    abandoned: parts.abandoned,
    replaced: parts.replaced,
    markedDelivered: parts.markedDelivered,
  }).toEqual({
    taken: counts.taken,
    accepted: counts.accepted,
    waiting: counts.waiting,
    undecided: counts.undecided,
    abandoned: counts.abandoned,
    replaced: counts.replaced,
    markedDelivered: counts.markedDelivered,
  });
  return counters;
}

describe('status and audit', () => {
  it('count an event once that was accepted, found missing and accepted again', async () => {
    const { database, sourceId, hold } = source();
    const again = (await hold(3, 'missing')).slice(0, 2);
    await database.pool.query(
      `update exception set state = 'resolved', resolution = 'delivered', decision = 'resend', attempts = 2,
         resolved_at = now() where id = any ($1)`,
      [again],
    );
    // Three attempts were accepted before, and two since.
    await database.pool.query('update partition_cursor set accepted_count = 5 where source_id = $1 and partition = 0', [
      sourceId,
    ]);
    expect((await agreed()).parts).toMatchObject({ accepted: 2, held: 1 });
  });

  it('agree on what waits, is sent, looked for, held and decided', async () => {
    const { database, sourceId, hold, holdRaw } = source();
    const change = (id: number | undefined, to: string) =>
      database.pool.query(`update exception set ${to} where id = $1`, [id]);
    const resolved = `state = 'resolved', resolved_at = now()`;
    const ids = await hold(7, 'unknown');
    await change(ids[0], `state = 'waiting', next_action = 'look-up', next_at = now()`);
    await change(ids[1], `state = 'waiting', next_action = 'resend', next_at = now()`);
    await change(ids[2], `state = 'sending', next_at = now()`);
    await change(ids[3], `${resolved}, resolution = 'abandoned', decision = 'abandon'`);
    await change(ids[4], `${resolved}, resolution = 'delivered', decision = 'mark-delivered'`);
    await change(ids[5], `${resolved}, resolution = 'delivered', decision = 'resend'`);
    await holdRaw('not JSON', 'feedback');
    await holdRaw('{', 'feedback');
    await database.pool.query(
      `update exception set ${resolved}, resolution = 'abandoned', decision = 'abandon'
       where source_id = $1 and id = (select max(id) from exception where source_id = $1)`,
      [sourceId],
    );
    await createEventLog(database).append(sourceId, 0, [takenEvent(randomUUID())]);
    const counters = await agreed();
    expect(counters.parts).toMatchObject({ lookedFor: 1, sending: 1, abandoned: 2, markedDelivered: 1, accepted: 1 });
  });

  it('agree on conflicts, decided and not', async () => {
    const { database, sourceId } = source();
    const eventLog = createEventLog(database);
    const event = takenEvent(randomUUID());
    const other = (n: number) => ({ ...event, bodyMac: Buffer.alloc(16, n), stableMac: Buffer.alloc(16, n) });
    await eventLog.append(sourceId, 0, [event]);
    await eventLog.append(sourceId, 0, [other(7)]);
    await eventLog.append(sourceId, 0, [other(8)]);
    await database.pool.query(
      `update exception set state = 'resolved', resolved_at = now(), resolution = 'abandoned', decision = 'abandon'
       where source_id = $1 and body_mac = $2`,
      [sourceId, Buffer.alloc(16, 7)],
    );
    expect((await agreed()).parts).toMatchObject({ waiting: 1, held: 1, abandoned: 1 });
    // The same body again after the decision is asked about anew: one event, held.
    await eventLog.append(sourceId, 0, [other(7)]);
    expect((await agreed()).parts).toMatchObject({ waiting: 1, held: 2, abandoned: 0 });
  });

  it('do not count an event that is in the lake twice as another one', async () => {
    const { database, sourceId, hold } = source();
    await hold(1, 'unknown');
    await database.pool.query(
      `insert into exception (source_id, partition, kind, event_id, reason, state)
       select source_id, partition, kind, event_id, 'repeated', 'held' from exception where source_id = $1`,
      [sourceId],
    );
    const counters = await agreed();
    expect(counters).toMatchObject({ taken: 1, parts: { held: 1 }, exceptions: { unknown: 1, repeated: 1 } });
  });
});
