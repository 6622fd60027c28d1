/** The audit's SQL on a real database; the lake is a table in memory. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
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

function windowOf(hours = 24) {
  const nowMs = Date.now();
  return { sourceId: source().sourceId, since: new Date(nowMs - hours * HOUR_MS), until: new Date(nowMs + 1_000) };
}

async function run({ withJournal, ...sides }: Partial<AuditSides> & { readonly withJournal?: true }) {
  const { database, name } = source();
  const client = await database.pool.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    const audited = { ...windowOf(), name, lakeLatencyMs: HOUR_MS };
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

  it('looks for as many such events as there are', async () => {
    const ids = await delivered(10_600, 2 * HOUR_MS);
    const found = lakeOf(once(ids));
    const query: LakeQuery = (text) => (text.includes("_id > '") ? Promise.resolve([]) : found.query(text));
    const report = await run({ lake: { ...found, query } });
    expect(report.counts).toMatchObject({ confirmed: 10_600, lost: 0 });
  });

  it('does not look for ever where nothing is to be found', async () => {
    await delivered(10_600, 2 * HOUR_MS);
    const lake = lakeOf({});
    const report = await run({ lake });
    expect(report.counts).toMatchObject({ confirmed: 0, lost: 10_600 });
    expect(lake.statements).toHaveLength(21);
  });

  it('takes no event of another window for invented', async () => {
    const old = await delivered(2, 30 * HOUR_MS);
    expect((await run({ lake: lakeOf(once(old)) })).counts).toMatchObject({ taken: 0, invented: 0 });
  });

  it('counts what waits, what is undecided and what people decided', async () => {
    const { hold, database, sourceId } = source();
    await delivered(2, 2 * HOUR_MS);
    const [first, second] = await hold(3, 'unknown');
    const decide = (id: number | undefined, resolution: string, decision: string) =>
      database.pool.query(
        `update exception set state = 'resolved', resolution = $2, decision = $3, resolved_at = now() where id = $1`,
        [id, resolution, decision],
      );
    await decide(first, 'abandoned', 'abandon');
    await decide(second, 'delivered', 'mark-delivered');
    await createEventLog(database).append(sourceId, 0, [takenEvent(randomUUID())]);
    const report = await run({});
    expect(report.counts).toMatchObject({
      taken: 6,
      accepted: 2,
      waiting: 1,
      undecided: 1,
      abandoned: 1,
      markedDelivered: 1,
      confirmed: 0,
    });
    expect(report.lists.undecided).toMatchObject([{ kind: 'feedback', standing: 'undecided' }]);
    expect(report.lake).toEqual({ read: false });
  });

  it('believes a person who marked an event delivered that the lake does not show', async () => {
    const { hold, database, sourceId } = source();
    const [id] = await hold(1, 'unknown');
    const loggedAt = new Date(Date.now() - 5 * HOUR_MS);
    for (const table of ['event_id', 'event_body', 'exception']) {
      await database.pool.query(`update ${table} set logged_at = $2 where source_id = $1`, [sourceId, loggedAt]);
    }
    await database.pool.query(
      `update exception set state = 'resolved', resolution = 'delivered', decision = 'mark-delivered',
         resolved_at = now() - interval '4 hours' where id = $1`,
      [id],
    );
    const report = await run({ lake: lakeOf({}) });
    expect(report.counts).toMatchObject({ taken: 1, accepted: 0, markedDelivered: 1, lost: 0, notCompared: 0 });
    expect(hasDifferences(report)).toBe(false);
  });

  it('lists a bounded number, and counts all', async () => {
    await delivered(700, 2 * HOUR_MS);
    const report = await run({ lake: lakeOf({}) });
    expect(report.counts.lost).toBe(700);
    expect(report.lists.lost).toHaveLength(200);
  });
});

const [LOGGED, SPOOLED] = [1, 6];

function entry(id: string, arrival: number, { ofSource = source().sourceId, agoMs = 2 * HOUR_MS } = {}): Buffer {
  const bytes = Buffer.alloc(42);
  bytes.set(Buffer.from(id, 'hex'));
  bytes.writeUInt16BE(ofSource, 32);
  bytes[35] = arrival;
  bytes.writeUIntBE(Date.now() - agoMs, 36, 6);
  return bytes;
}

const fileOf = (agoMs: number, number = 1) =>
  `${new Date(Date.now() - agoMs).toISOString().slice(0, 13).replaceAll('-', '')}-${String(number).padStart(6, '0')}`;

/** Of one stretch, or of two with a gap between them. */
async function journal(receiver: string, file: string, entries: readonly Buffer[], hasGap = false) {
  await source().database.pool.query(
    `insert into intake_journal (receiver_id, file, start_byte, end_byte, entries)
     values ($1, $2, 0, 100, $3), ($1, $2, $4, 300, '')`,
    [receiver, file, Buffer.concat(entries), hasGap ? 200 : 100],
  );
}

async function report(receiver: string, spoolDepth: number, details: object, agoMs = 0) {
  const at = new Date(Date.now() - agoMs);
  await source().database.pool.query(
    `insert into receiver_report (receiver_id, started_at, reported_at, spool_depth, details) values ($1, $2, now(), $3, $4)`,
    [receiver, at, spoolDepth, JSON.stringify(details)],
  );
}

describe('an audit that reads journals', () => {
  const state = (hours?: number) => readJournalState(source().database.pool, windowOf(hours), new Date());

  afterEach(() => source().database.pool.query('delete from receiver_report; delete from intake_journal'));

  it('names an event that a receiver has answered and the log does not have', async () => {
    const ids = await delivered(2, 2 * HOUR_MS);
    await journal('here', fileOf(0), [
      ...[...ids, ...ids].map((id) => entry(id, LOGGED)),
      entry('cd'.repeat(32), LOGGED),
      entry('aa'.repeat(32), LOGGED, { ofSource: source().sourceId + 1 }),
      entry('bb'.repeat(32), LOGGED, { agoMs: 48 * HOUR_MS }),
    ]);
    const { counts, lists } = await run({ lake: lakeOf(once(ids)), withJournal: true });
    expect(counts).toMatchObject({ taken: 3, confirmed: 2, lost: 1, spooled: 0 });
    expect(lists.lost).toMatchObject([{ eventId: 'cd'.repeat(32), what: 'answered by a receiver, not in the log' }]);
  });

  it('excuses so many events as are spooled, and none that has once been in the log', async () => {
    const [inLog, both, first, second] = ['c1', 'c2', 'c3', 'c4'].map((digits) => digits.repeat(32)) as [
      string,
      string,
      string,
      string,
    ];
    await journal('here', fileOf(0), [
      entry(inLog, LOGGED),
      entry(both, SPOOLED),
      entry(both, LOGGED),
      ...[first, first, second].map((id) => entry(id, SPOOLED)),
    ]);
    const all = await run({ spooled: 100, withJournal: true });
    expect(all.counts).toMatchObject({ taken: 4, lost: 2, spooled: 2 });
    expect(all.lists.lost.map(({ eventId }) => eventId)).toEqual([inLog, both]);
    const { counts } = await run({ spooled: 1, withJournal: true });
    expect(counts).toMatchObject({ taken: 4, lost: 3, spooled: 1 });
  });

  it('knows of each source how much is spooled, as receivers report', async () => {
    const { sourceId } = source();
    await report('one', 12, { spooled: { [sourceId]: 2, [sourceId + 1]: 10 } });
    await report('two', 3, { spooled: { [sourceId]: 3 } });
    await report('three', 7, { spooled: { [sourceId + 1]: 7 } });
    expect((await state()).spooled).toBe(5);
  });

  it('names a receiver whose journal has not come, and a torn hour', async () => {
    const file = fileOf(0);
    await journal('torn', file, [], true);
    const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
    await report('fresh', 0, { spooled: {}, journalledUntil: ago(2_000) }, HOUR_MS);
    await report('never', 0, { spooled: {} }, HOUR_MS);
    await report('silent', 4, { spooled: { [source().sourceId]: 4 }, journalledUntil: ago(HOUR_MS) }, 2 * HOUR_MS);
    const { isThere, notKnown } = await state();
    expect(isThere).toBe(true);
    expect(notKnown.map((what) => what.replace(/since \d.*Z/, 'since then'))).toEqual([
      'the receiver never has not reported its journal since then: what it has taken since is not known',
      'the receiver silent has not reported its journal since then: what it has taken since is not known, and 4 of its events were in its spool then',
      `the journal of the receiver torn for ${file.slice(0, 11)}:00Z could not be read in full`,
    ]);
  });

  it('names the hours between which a whole file of a journal is missing, of each receiver by itself', async () => {
    const hourOf = (agoMs: number) => `${fileOf(agoMs).slice(0, 11)}:00Z`;
    for (const [number, hours] of [
      [3, 40],
      [5, 38],
      [6, 5],
      [9, 3],
      [10, 3],
      [12, 3],
      [13, 1],
    ] as const) {
      await journal('here', fileOf(hours * HOUR_MS, number), []);
    }
    // Of an hour twice, and by a clock that was set back.
    for (const [number, hours] of [
      [1, 4],
      [2, 4],
      [3, 2],
      [4, 3],
      [5, 1],
    ] as const) {
      await journal('there', fileOf(hours * HOUR_MS, number), []);
    }
    const { notKnown } = await state(24);
    expect([...notKnown].sort()).toEqual(
      [`${hourOf(5 * HOUR_MS)} to ${hourOf(3 * HOUR_MS)}`, hourOf(3 * HOUR_MS)]
        .map((hours) => `the journal of the receiver here for ${hours} could not be read in full`)
        .sort(),
    );
    expect((await state(48)).notKnown).toHaveLength(3);
  });

  it('says from when on journals prove anything, where it goes back further than they are kept', async () => {
    await journal('here', fileOf(36 * 24 * HOUR_MS), [], true);
    expect((await state(34 * 24)).notKnown).toEqual([]);
    const { notKnown } = await state(40 * 24);
    expect(notKnown).toEqual([expect.stringMatching(/^journals are kept for 35 days: .* before .*:00:00\.000Z /)]);
    const from = Date.parse(/before (\S+)/.exec(notKnown[0] ?? '')?.[1] ?? '');
    expect(Date.now() - from).toBeLessThanOrEqual(35 * 24 * HOUR_MS);
    expect(Date.now() - from).toBeGreaterThan(35 * 24 * HOUR_MS - 2 * HOUR_MS);
  });
});
