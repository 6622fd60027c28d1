/** The audit's SQL on a real database; the lake is a table in memory. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { audit, type AuditSides } from '../../src/audit/audit.js';
import { journalledIds, readJournalState } from '../../src/audit/journal.js';
import type { LakeQuery } from '../../src/audit/lake.js';
import { hasDifferences } from '../../src/domain/audit.js';
import { createEventLog } from '../../src/store/eventLog.js';
import { takenEvent } from '../support/store.js';
import { withHeldSource } from '../held/source.js';

const source = withHeldSource();

const HOUR_MS = 3_600_000;

/** Logs `count` events that the cursor has passed, as of `agoMs` ago. @returns their ids, ascending */
async function delivered(count: number, agoMs: number): Promise<string[]> {
  const { database, sourceId } = source();
  const events = Array.from({ length: count }, () => takenEvent(randomUUID(), { occurredAtMs: Date.now() - agoMs }));
  await createEventLog(database).append(sourceId, 0, events);
  const at = new Date(Date.now() - agoMs);
  const ids = events.map(({ eventId }) => eventId);
  for (const table of ['event_id', 'event_body']) {
    await database.pool.query(`update ${table} set logged_at = $3 where source_id = $1 and event_id = any ($2)`, [
      sourceId,
      ids,
      at,
    ]);
  }
  await database.pool.query(
    `update partition_cursor c set cursor_seq = last_seq, intended_seq = last_seq from partition_head h
     where c.source_id = $1 and h.source_id = c.source_id and h.partition = c.partition`,
    [sourceId],
  );
  return ids.map((id) => id.toString('hex')).sort();
}

/** Answers the audit's statements from a map of ids to copies. */
function lakeOf(copies: Readonly<Record<string, number>>) {
  const statements: string[] = [];
  const query: LakeQuery = (text) => {
    statements.push(text);
    const after = / _id > '([^']*)'/.exec(text)?.[1];
    const listed = new Set([...text.matchAll(/'([0-9a-f]{64})'/g)].map((match) => match[1]));
    const rows = Object.entries(copies)
      .filter(([id]) => (after === undefined ? listed.has(id) : id > after))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, count]) => ({ ['_id']: id, copies: String(count) }));
    return Promise.resolve(rows);
  };
  return { statements, table: 'chatlio_events', query };
}

async function run({ withJournal, ...sides }: Partial<AuditSides> & { readonly withJournal?: true }) {
  const { database, sourceId, name } = source();
  const client = await database.pool.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    const audited = {
      sourceId,
      name,
      since: new Date(Date.now() - 24 * HOUR_MS),
      until: new Date(Date.now() + 1_000),
      lakeLatencyMs: HOUR_MS,
    };
    const journal = withJournal === true ? journalledIds(client, audited) : undefined;
    return await audit(audited, {
      snapshot: client,
      present: database.pool,
      notKnown: [],
      now: new Date(),
      journal,
      ...sides,
    });
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const once = (ids: readonly string[]) => Object.fromEntries(ids.map((id) => [id, 1]));

describe('an audit', () => {
  it('confirms what is in the lake exactly once, and bounds every statement by time', async () => {
    const ids = await delivered(12, 2 * HOUR_MS);
    const lake = lakeOf(once(ids));
    const report = await run({ lake });
    expect(report.counts).toMatchObject({ taken: 12, accepted: 12, confirmed: 12, lost: 0, repeated: 0, invented: 0 });
    expect(report.lake).toEqual({ read: true, table: 'chatlio_events', rows: 12 });
    expect(hasDifferences(report)).toBe(false);
    expect(lake.statements).toHaveLength(1);
    expect(lake.statements[0]).toMatch(/timestamp >= TIMESTAMP '.*' AND timestamp < TIMESTAMP '.*' AND _id > ''/);
  });

  it('names what is lost, repeated and invented', async () => {
    const [lost = '', repeated = '', ...fine] = await delivered(6, 2 * HOUR_MS);
    const lake = lakeOf({ ...once(fine), [repeated]: 3, ['ab'.repeat(32)]: 1, 'someone-elses': 2 });
    const report = await run({ lake });
    expect(report.counts).toMatchObject({ confirmed: 4, lost: 1, repeated: 1, invented: 2 });
    expect(report.lists.lost).toMatchObject([{ eventId: lost, kind: 'feedback', copies: 0 }]);
    expect(report.lists.repeated).toMatchObject([{ eventId: repeated, copies: 3 }]);
    expect(report.lists.invented.map(({ eventId }) => eventId).sort()).toEqual(['ab'.repeat(32), 'someone-elses']);
    expect(hasDifferences(report)).toBe(true);
  });

  it('gives the lake its time, by when an event was accepted', async () => {
    await delivered(3, 60_000);
    const [late = ''] = await delivered(1, 5 * HOUR_MS);
    const { database, sourceId } = source();
    await database.pool.query(
      `insert into receipt (source_id, partition, first_seq, last_seq, lines)
       select source_id, partition, seq, seq, '' from event_id where source_id = $1 and event_id = $2`,
      [sourceId, Buffer.from(late, 'hex')],
    );
    const report = await run({ lake: lakeOf({}) });
    expect(report.counts).toMatchObject({ accepted: 4, confirmed: 0, notYetVisible: 4, lost: 0 });
  });

  it('finds an event by its id whose own time is outside of the window', async () => {
    const [id = ''] = await delivered(1, 2 * HOUR_MS);
    const inWindow = lakeOf({});
    const byId = lakeOf({ [id]: 1 });
    const query: LakeQuery = (text) => (text.includes(' IN (') ? byId : inWindow).query(text);
    expect((await run({ lake: { table: 't', query } })).counts).toMatchObject({ confirmed: 1, lost: 0 });
  });

  it('takes no event of another window for invented', async () => {
    const old = await delivered(2, 30 * HOUR_MS);
    expect((await run({ lake: lakeOf(once(old)) })).counts).toMatchObject({ taken: 0, invented: 0 });
  });

  it('counts what waits, what is undecided and what people decided', async () => {
    const { hold, database, sourceId } = source();
    await delivered(2, 2 * HOUR_MS);
    const [first] = await hold(2, 'unknown');
    await database.pool.query(
      `update exception set state = 'resolved', resolution = 'abandoned', resolved_at = now() where id = $1`,
      [first],
    );
    await createEventLog(database).append(sourceId, 0, [takenEvent(randomUUID())]);
    const report = await run({});
    expect(report.counts).toMatchObject({
      taken: 5,
      accepted: 2,
      waiting: 1,
      undecided: 1,
      abandoned: 1,
      confirmed: 0,
    });
    expect(report.lists.undecided).toMatchObject([{ kind: 'feedback', standing: 'undecided' }]);
    expect(report.lake).toEqual({ read: false });
  });

  it('names an event that a receiver has answered and the log does not have, unless it is spooled', async () => {
    const { database, sourceId } = source();
    const ids = await delivered(2, 2 * HOUR_MS);
    const gone = ['cd'.repeat(32), 'ce'.repeat(32)];
    const entry = (id: string, ofSource: number, agoMs: number) => {
      const bytes = Buffer.alloc(42);
      bytes.set(Buffer.from(id, 'hex'));
      bytes.writeUInt16BE(ofSource, 32);
      bytes.writeUIntBE(Date.now() - agoMs, 36, 6);
      return bytes;
    };
    const entries = Buffer.concat([
      ...[...gone, ...ids, ...ids].map((id) => entry(id, sourceId, 2 * HOUR_MS)),
      entry('aa'.repeat(32), sourceId + 1, 2 * HOUR_MS),
      entry('bb'.repeat(32), sourceId, 48 * HOUR_MS),
    ]);
    const file = `${new Date().toISOString().slice(0, 13).replaceAll('-', '')}-1`;
    const receiver = `receiver-${sourceId}`;
    await database.pool.query(
      `insert into intake_journal (receiver_id, file, start_byte, end_byte, entries)
       values ($1, $2, 0, 100, $3), ($1, $2, 200, 300, null)`,
      [receiver, file, entries],
    );
    await database.pool.query(
      `insert into receiver_report (receiver_id, started_at, reported_at, spool_depth) values ($1, now(), now() - interval '2 hours', 1)`,
      [receiver],
    );
    const state = await readJournalState(database.pool);
    expect(state).toMatchObject({ isThere: true, spooled: 1 });
    expect(state.notKnown.map((what) => what.replace(/since \d.*Z/, 'since then'))).toEqual([
      `the receiver ${receiver} has not reported since then: what it has taken since is not known`,
      `the journal of the receiver ${receiver} for ${file.slice(0, 11)}:00Z could not be read in full`,
    ]);
    const report = await run({ lake: lakeOf(once(ids)), spooled: 1, withJournal: true });
    expect(report.counts).toMatchObject({ taken: 4, confirmed: 2, lost: 1, spooled: 1 });
    expect(report.lists.lost).toMatchObject([{ eventId: gone[1], what: 'answered by a receiver, not in the log' }]);
    await database.pool.query('delete from receiver_report; delete from intake_journal');
  });

  it('lists a bounded number, and counts all', async () => {
    await delivered(700, 2 * HOUR_MS);
    const report = await run({ lake: lakeOf({}) });
    expect(report.counts.lost).toBe(700);
    expect(report.lists.lost).toHaveLength(200);
  });
});
