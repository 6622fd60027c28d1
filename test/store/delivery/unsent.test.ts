import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { holdUnsent, sourcesWithUnsent } from '../../../src/store/delivery/unsent.js';
import { decideHeld } from '../../../src/store/decisions/decisions.js';
import { withBench } from '../../activities/drain/overHttp/bench.js';

const bench = withBench();

const retire = () =>
  bench().database.pool.query('update source set retired_at = now() where id = $1', [bench().sourceId]);
const hold = () => holdUnsent(bench().database, bench().sourceId, () => undefined);
const held = async () => (await bench().exceptions()).map(({ event_id: id, reason, state }) => ({ id, reason, state }));

/** A partition whose drain was at work: 1 and 4 decided, 2 withdrawn, 3 without an answer, the rest ahead. */
async function atWork(): Promise<void> {
  const { database, sourceId } = bench();
  await database.pool.query(
    `insert into partition_cursor (source_id, partition, fence, cursor_seq, intended_seq, decided, withdrawn, undecided,
       intended_at, lease_until) values ($1, 0, 7, 1, 4, '\\x04', '\\x01', 1, now(), now() - interval '1 s')`,
    [sourceId],
  );
}

describe('what a source that was torn down has not sent', () => {
  it('is held for a decision, each event once, whatever was under way', async () => {
    const ids = await bench().log(2_500);
    await atWork();
    await retire();
    expect(await sourcesWithUnsent(bench().database)).toContain(bench().sourceId);
    expect(await hold()).toBe(2_500 - 2);
    const exceptions = await held();
    expect(exceptions.every(({ state }) => state === 'held')).toBe(true);
    const delivered = new Set([ids[0], ids[3]]);
    expect(exceptions.map(({ id }) => id).sort()).toEqual(ids.filter((id) => !delivered.has(id)).sort());
    expect(exceptions.filter(({ reason }) => reason === 'unknown').map(({ id }) => id)).toEqual([ids[2]]);
    expect(exceptions.filter(({ reason }) => reason === 'unsent')).toHaveLength(2_500 - 3);
    expect(await bench().cursor()).toMatchObject({ cursor_seq: 2_500, intended_seq: 2_500, undecided: 0 });
    expect(await hold()).toBe(2_500 - 2);
    expect(await sourcesWithUnsent(bench().database)).not.toContain(bench().sourceId);
  });

  it('comes to be held also when a spool brings it afterwards', async () => {
    await bench().log(1);
    await retire();
    expect(await hold()).toBe(1);
    await bench().log(1, { prefix: 'later' });
    expect(await sourcesWithUnsent(bench().database)).toContain(bench().sourceId);
    expect(await hold()).toBe(2);
  });

  it('holds what waited to be looked for or sent again, and nothing is left open once it is decided', async () => {
    const { database, sourceId } = bench();
    await bench().log(2);
    await database.pool.query(
      `insert into partition_cursor (source_id, partition, cursor_seq, intended_seq) values ($1, 0, 1, 1)`,
      [sourceId],
    );
    await database.pool.query(
      `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, next_action, next_at, attempts)
       select source_id, partition, kind, event_id, seq, logged_at, 'unknown', 'waiting', 'look-up', now(), 1
       from event_body where source_id = $1 and seq = 1`,
      [sourceId],
    );
    await retire();
    expect(await hold()).toBe(2);
    expect((await held()).map(({ reason, state }) => [reason, state])).toEqual([
      ['unknown', 'held'],
      ['unsent', 'held'],
    ]);
    for (const reason of ['unknown', 'unsent'] as const) {
      const input = { decision: 'abandon', reason, by: 'ana', why: 'torn down' } as const;
      const decision = { sourceId, name: 'chat', requestId: randomUUID(), input };
      expect(await decideHeld(database, decision, () => ({ fault: '' }))).toMatchObject({ decided: 1, remaining: 0 });
    }
    const { rows } = await database.pool.query<{ open: number }>(
      `select count(*) as open from exception where source_id = $1 and state <> 'resolved'`,
      [sourceId],
    );
    expect(rows).toEqual([{ open: 0 }]);
  });

  it('comes to be held also where the answer to a resend was awaited, and never came', async () => {
    const { database, sourceId } = bench();
    await bench().log(1);
    await database.pool.query(
      `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, next_at, attempts)
       select source_id, partition, kind, event_id, seq, logged_at, 'unknown', 'sending', now() + interval '1 hour', 2
       from event_body where source_id = $1`,
      [sourceId],
    );
    await retire();
    await hold();
    expect(await held()).toMatchObject([{ state: 'sending' }]);
    expect(await sourcesWithUnsent(database)).not.toContain(sourceId);
    await database.pool.query('update exception set next_at = now() where source_id = $1', [sourceId]);
    expect(await sourcesWithUnsent(database)).toContain(sourceId);
    expect(await hold()).toBe(1);
    expect(await held()).toMatchObject([{ reason: 'unknown', state: 'held' }]);
  });

  it('is left alone while the source is live, and while a drain holds a lease', async () => {
    const { database, sourceId } = bench();
    await bench().log(3);
    expect(await hold()).toBe(0);
    await retire();
    await database.pool.query(
      `insert into partition_cursor (source_id, partition, lease_until) values ($1, 0, now() + interval '1 minute')`,
      [sourceId],
    );
    expect(await hold()).toBe(0);
    expect(await held()).toEqual([]);
  });
});
