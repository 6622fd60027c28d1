import { describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/store/connection/database.js';
import { databaseFault } from '../../../src/store/connection/databaseFault.js';
import { isTransient } from '../../../src/store/connection/transient.js';
import { appendFresh, createEventLog } from '../../../src/store/log/eventLog.js';
import { listen, WAKE_CHANNEL } from '../../../src/store/connection/listen.js';
import type { TakenEvent } from '../../../src/store/log/takenEvent.js';
import { freshSource, silentLog, takenEvent, withDatabase } from '../../support/store.js';

describe('event log', () => {
  const database = withDatabase();

  async function rowsOf(sourceId: number) {
    const { rows } = await database().pool.query<{ seq: number; event_id: Buffer; sealed: Buffer; logged_at: Date }>(
      'select seq, event_id, sealed, logged_at from event_body where source_id = $1 order by partition, seq',
      [sourceId],
    );
    return rows;
  }

  async function idOf(sourceId: number, event: TakenEvent) {
    const { rows } = await database().pool.query<{ arrivals: number; seq: number; last_arrival_at: Date }>(
      'select arrivals, seq, last_arrival_at from event_id where source_id = $1 and event_id = $2',
      [sourceId, event.eventId],
    );
    return rows[0];
  }

  async function exceptionsOf(sourceId: number) {
    const { rows } = await database().pool.query<{ reason: string; state: string; sealed: Buffer; arrivals: number }>(
      'select reason, state, sealed, arrivals from exception where source_id = $1 order by id',
      [sourceId],
    );
    return rows;
  }

  it('keeps new events with their bodies, numbered in their order', async () => {
    const sourceId = await freshSource(database());
    const log = createEventLog(database());
    const events = ['a', 'b', 'c'].map((name) => takenEvent(name, { sealed: Buffer.from(`body of ${name}`) }));
    expect(await log.append(sourceId, 0, events)).toEqual(['logged', 'logged', 'logged']);
    const rows = await rowsOf(sourceId);
    expect(rows.map(({ seq, sealed }) => [seq, sealed.toString()])).toEqual([
      [1, 'body of a'],
      [2, 'body of b'],
      [3, 'body of c'],
    ]);
    expect(rows.map(({ event_id }) => event_id)).toEqual(events.map(({ eventId }) => eventId));
    expect(new Set(rows.map(({ logged_at }) => logged_at.getTime())).size).toBe(1);
  });

  it('logs a repeated event once and counts the arrivals, also within one flush', async () => {
    const sourceId = await freshSource(database());
    const log = createEventLog(database());
    const event = takenEvent('once');
    const other = takenEvent('other');
    expect(await log.append(sourceId, 0, [event, other, event])).toEqual(['logged', 'logged', 'redelivered']);
    const later = { ...event, receivedAtMs: event.receivedAtMs + 1_000 };
    expect(await log.append(sourceId, 0, [later])).toEqual(['redelivered']);
    expect(await rowsOf(sourceId)).toHaveLength(2);
    expect(await idOf(sourceId, event)).toMatchObject({ arrivals: 3, last_arrival_at: new Date(later.receivedAtMs) });
    expect(await exceptionsOf(sourceId)).toEqual([]);
  });

  it('keeps an event of another visitor under the same id as a conflict; where one is not known, it is a copy as ever', async () => {
    const sourceId = await freshSource(database());
    const log = createEventLog(database());
    const [ana, ben] = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)];
    const of = (name: string, visitorMac?: Buffer) => takenEvent(`${name} of ${sourceId}`, { visitorMac });
    expect(await log.append(sourceId, 0, [of('known', ana), of('unknown')])).toEqual(['logged', 'logged']);
    const second = await log.append(sourceId, 0, [
      of('known', ana),
      of('known', ben),
      of('known'),
      of('unknown', ana),
      of('unknown', ben),
    ]);
    expect(second).toEqual(['redelivered', 'conflict', 'redelivered', 'redelivered', 'redelivered']);
    const { rows } = await database().pool.query<{ facts: string }>(
      `select evidence -> 1 ->> 'fact' as facts from exception where source_id = $1`,
      [sourceId],
    );
    expect(rows).toEqual([{ facts: 'same content, another visitor' }]);
  });

  it('finds a repeated event in another partition, after the number of partitions has changed', async () => {
    const sourceId = await freshSource(database(), 2);
    const log = createEventLog(database());
    expect(await log.append(sourceId, 0, [takenEvent('moved')])).toEqual(['logged']);
    expect(await log.append(sourceId, 1, [takenEvent('moved')])).toEqual(['redelivered']);
  });

  it('keeps the same event id of two sources apart', async () => {
    const [one, two] = [await freshSource(database()), await freshSource(database())];
    const log = createEventLog(database());
    const event = takenEvent('shared');
    expect(await log.append(one, 0, [event])).toEqual(['logged']);
    expect(await log.append(two, 0, [event])).toEqual(['logged']);
  });

  it('keeps a conflicting event, with its body, among the exceptions; the same one once more is counted', async () => {
    const sourceId = await freshSource(database());
    const log = createEventLog(database());
    const event = takenEvent('reopened', { kindName: 'new-conversation' });
    const conflicting = {
      ...event,
      bodyMac: Buffer.alloc(16, 8),
      stableMac: Buffer.alloc(16, 9),
      sealed: Buffer.from('another body'),
    };
    await log.append(sourceId, 0, [event]);
    expect(await log.append(sourceId, 0, [conflicting])).toEqual(['conflict']);
    expect(await log.append(sourceId, 0, [conflicting])).toEqual(['conflict']);
    expect(await exceptionsOf(sourceId)).toEqual([
      { reason: 'conflict', state: 'held', sealed: Buffer.from('another body'), arrivals: 2 },
    ]);
    expect(await rowsOf(sourceId)).toHaveLength(1);
  });

  it('keeps a rendered-anew copy out, without an exception', async () => {
    const sourceId = await freshSource(database());
    const log = createEventLog(database());
    const event = takenEvent('drift');
    await log.append(sourceId, 0, [event]);
    expect(await log.append(sourceId, 0, [{ ...event, bodyMac: Buffer.alloc(16, 7) }])).toEqual(['drifted']);
    expect(await exceptionsOf(sourceId)).toEqual([]);
  });

  it('holds what is no event, once', async () => {
    const sourceId = await freshSource(database());
    const log = createEventLog(database());
    const held = { ...takenEvent('garbage'), reason: 'unreadable' as const, facts: ['not JSON'] };
    expect(await log.hold(sourceId, 0, held)).toBe('held');
    expect(await log.hold(sourceId, 0, held)).toBe('redelivered');
    expect(await exceptionsOf(sourceId)).toMatchObject([{ reason: 'unreadable', state: 'held', arrivals: 2 }]);
    expect(await idOf(sourceId, held)).toMatchObject({ arrivals: 2, seq: 0 });
    expect(await rowsOf(sourceId)).toEqual([]);
  });

  it('asks for one wake when it meets an idle partition, and for none while the partition is awake', async () => {
    const sourceId = await freshSource(database(), 2);
    const log = createEventLog(database());
    const heard: string[] = [];
    const listener = listen(database(), WAKE_CHANNEL, (payload) => heard.push(payload), silentLog);
    await expect.poll(() => heard).toEqual(['']);
    await log.append(sourceId, 0, [takenEvent('first')]);
    await log.append(sourceId, 0, [takenEvent('second')]);
    await log.append(sourceId, 1, [takenEvent('third')]);
    await expect.poll(() => heard.length).toBe(3);
    await listener.close();
    expect(heard).toEqual(['', `${sourceId}/0`, `${sourceId}/1`]);
    const { rows } = await database().pool.query(
      'select idle, wake_seq, last_seq from partition_head where source_id = $1 order by partition',
      [sourceId],
    );
    expect(rows).toEqual([
      { idle: false, wake_seq: 1, last_seq: 2 },
      { idle: false, wake_seq: 1, last_seq: 1 },
    ]);
  });

  it('refuses events of a partition that does not exist, and keeps none of them', async () => {
    const sourceId = await freshSource(database(), 1);
    await expect(createEventLog(database()).append(sourceId, 1, [takenEvent('lost')])).rejects.toThrow(
      'no partition 1',
    );
    expect(await idOf(sourceId, takenEvent('lost'))).toBeUndefined();
  });
});

describe('event log with several writers', () => {
  const database = withDatabase();

  it('commits in the order of sequence numbers, though transactions are slow: a reader misses nothing below what it sees', async () => {
    const sourceId = await freshSource(database());
    // Stretches the time between taking a number and committing, unevenly.
    await database().pool.query(`
      create function slow() returns trigger language plpgsql as
      'begin perform pg_sleep(random() * 0.004); return null; end';
      create constraint trigger slow after insert on event_id deferrable initially deferred
        for each row when (new.seq % 3 = 0) execute function slow();
    `);
    const log = createEventLog(database());
    const events = Array.from({ length: 400 }, (_, index) => takenEvent(`event ${index}`));
    const seen: number[][] = [];
    const written = new AbortController();
    const reading = (async () => {
      while (!written.signal.aborted) {
        const { rows } = await database().pool.query<{ seq: number }>(
          'select seq from event_body where source_id = $1 order by seq',
          [sourceId],
        );
        seen.push(rows.map(({ seq }) => seq));
      }
    })();
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = writer * 50; n < writer * 50 + 50; n += 5) await log.append(sourceId, 0, events.slice(n, n + 5));
      }),
    );
    written.abort();
    await reading;
    await database().pool.query('drop trigger slow on event_id; drop function slow()');
    const { rows } = await database().pool.query<{ seq: number; in_order: boolean }>(
      'select seq, logged_at >= coalesce(lag(logged_at) over (order by seq), logged_at) as in_order from event_body where source_id = $1 order by seq',
      [sourceId],
    );
    const all = rows.map(({ seq }) => seq);
    expect(all).toHaveLength(400);
    expect(rows.every(({ in_order }) => in_order)).toBe(true);
    expect(seen.length).toBeGreaterThan(3);
    for (const seqs of seen) expect(seqs).toEqual(all.slice(0, seqs.length));
  });

  it('logs each event once when many writers bring the same events in different groups', async () => {
    const sourceId = await freshSource(database(), 2);
    const log = createEventLog(database());
    const events = Array.from({ length: 60 }, (_, index) => takenEvent(`shared ${index}`));
    const results = await Promise.all(
      Array.from({ length: 6 }, async (_, writer) => {
        const rotated = [...events.slice(writer * 10), ...events.slice(0, writer * 10)];
        const arrivals = [];
        for (let n = 0; n < 60; n += 15) arrivals.push(...(await log.append(sourceId, 0, rotated.slice(n, n + 15))));
        return arrivals;
      }),
    );
    const arrivals = results.flat();
    expect(arrivals.filter((arrival) => arrival === 'logged')).toHaveLength(60);
    expect(arrivals.filter((arrival) => arrival === 'redelivered')).toHaveLength(300);
    const { rows } = await database().pool.query(
      'select count(*) as ids, sum(arrivals) as arrivals from event_id where source_id = $1',
      [sourceId],
    );
    expect(rows).toEqual([{ ids: 60, arrivals: 360 }]);
  });

  it('fails when the connection is killed in flight, and the same events can be appended again', async () => {
    const sourceId = await freshSource(database());
    const log = createEventLog(database());
    const holder = await database().pool.connect();
    await holder.query('begin');
    await holder.query('select 1 from partition_head where source_id = $1 for update', [sourceId]);
    const appending = log.append(sourceId, 0, [takenEvent('killed')]);
    const outcome = appending.then(
      () => 'appended',
      (error: Error) => error.message,
    );
    await expect
      .poll(async () => {
        const { rows } = await database().pool.query<{ killed: boolean }>(
          `select pg_terminate_backend(pid) as killed from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'`,
        );
        return rows.length;
      })
      .toBe(1);
    expect(await outcome).toMatch(/terminat/);
    await holder.query('rollback');
    holder.release();
    expect(await log.append(sourceId, 0, [takenEvent('killed')])).toEqual(['logged']);
  });
});

describe('events appended in a transaction of the caller’s', () => {
  const database = withDatabase();

  it('are those whose ids were never taken, by their places; of copies among them the first', async () => {
    const sourceId = await freshSource(database());
    const [a, b, c] = ['a', 'b', 'c'].map((name) => takenEvent(name)) as [TakenEvent, TakenEvent, TakenEvent];
    expect(await appendFresh(database().pool, sourceId, 0, [b])).toEqual(new Set([1]));
    expect(await appendFresh(database().pool, sourceId, 0, [a, b, c, a])).toEqual(new Set([1, 3]));
  });

  it('are gone with it, and none of their numbers is used up', async () => {
    const sourceId = await freshSource(database());
    const failing = inTransaction(database(), async (client) => {
      await appendFresh(client, sourceId, 0, [takenEvent('undone')]);
      throw new Error('afterwards');
    });
    await expect(failing).rejects.toThrow('afterwards');
    await appendFresh(database().pool, sourceId, 0, [takenEvent('later')]);
    const { rows } = await database().pool.query('select seq from event_body where source_id = $1', [sourceId]);
    expect(rows).toEqual([{ seq: 1 }]);
  });

  it('need a partition: that there is none is no outage, and nobody tries it again', async () => {
    const sourceId = await freshSource(database());
    const failure: unknown = await appendFresh(database().pool, sourceId, 1, [takenEvent('nowhere')]).catch(
      (error: unknown) => error,
    );
    expect(String(failure)).toContain(`source ${sourceId} has no partition 1`);
    expect(isTransient(failure)).toBe(false);
    expect(databaseFault(failure)).toBeUndefined();
  });
});
