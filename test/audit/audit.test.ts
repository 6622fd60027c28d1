/** The audit's SQL on a real database; the lake is a table in memory. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { audit, type AuditSides } from '../../src/audit/audit.js';
import { journalledIds, readJournalState } from '../../src/audit/journal.js';
import type { LakeQuery } from '../../src/audit/lake.js';
import { readEarlierFlows, readSource } from '../../src/audit/source.js';
import { AUDIT_PAGE, type AuditPage, hasDifferences } from '../../src/domain/audit.js';
import { createEventLog } from '../../src/store/log/eventLog.js';
import { takenEvent } from '../support/store.js';
import { withHeldSource } from '../activities/held/source.js';

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

/** What comes after the cursor goes to this flow. */
async function sentUnder(epoch: number, flowId: string): Promise<void> {
  const { database, sourceId } = source();
  await database.pool.query('insert into epoch_destination (source_id, epoch, flow_id) values ($1, $2, $3)', [
    sourceId,
    epoch,
    flowId,
  ]);
  await database.pool.query(
    `insert into partition_epoch (source_id, partition, epoch, cursor_seq, decided)
     select source_id, partition, $2::bigint, case when $2::bigint = 1 then 0 else cursor_seq end, '' from partition_cursor where source_id = $1`,
    [sourceId, epoch],
  );
}

/** Of an epoch. */
async function withoutProof(epoch: number): Promise<void> {
  const { database, sourceId } = source();
  await database.pool.query(
    `insert into projection (source_id, version, projection) values ($1, 1, '{"proof": "none"}')`,
    [sourceId],
  );
  await database.pool.query('update epoch_destination set projection_version = 1 where source_id = $1 and epoch = $2', [
    sourceId,
    epoch,
  ]);
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

async function run({ withJournal, ...sides }: Partial<AuditSides> & { readonly withJournal?: true }, page?: AuditPage) {
  const { database, name } = source();
  const { unproven } = await readSource(database.pool, name);
  const client = await database.pool.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    const audited = { ...windowOf(), name, lakeLatencyMs: HOUR_MS, unproven: unproven ?? undefined, page };
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
    const report = await run({ lakes: [lake] });
    expect(report.counts).toMatchObject({ taken: 12, accepted: 12, confirmed: 12, lost: 0, repeated: 0, invented: 0 });
    expect(report.lake).toEqual({ read: true, table: 'chatlio_events', rows: 12 });
    expect(hasDifferences(report)).toBe(false);
    expect(lake.statements).toHaveLength(1);
    expect(lake.statements[0]).toMatch(/timestamp >= TIMESTAMP '.*' AND timestamp < TIMESTAMP '.*' AND _id > ''/);
  });

  it('names what is lost, repeated and invented', async () => {
    const [lost = '', repeated = '', ...fine] = await delivered(6, 2 * HOUR_MS);
    const lake = lakeOf({ ...once(fine), [repeated]: 3, ['ab'.repeat(32)]: 1, 'someone-elses': 2 });
    const report = await run({ lakes: [lake] });
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
    const report = await run({ lakes: [lakeOf({})] });
    expect(report.counts).toMatchObject({ accepted: 4, confirmed: 0, notYetVisible: 4, lost: 0 });
  });

  it('finds an event by its id whose own time is outside of the window', async () => {
    const [id = ''] = await delivered(1, 2 * HOUR_MS);
    const inWindow = lakeOf({});
    const byId = lakeOf({ [id]: 1 });
    const query: LakeQuery = (text) => (text.includes(' IN (') ? byId : inWindow).query(text);
    expect((await run({ lakes: [{ table: 't', query }] })).counts).toMatchObject({ confirmed: 1, lost: 0 });
  });

  it('looks for as many such events as there are', async () => {
    const ids = await delivered(10_600, 2 * HOUR_MS);
    const found = lakeOf(once(ids));
    const query: LakeQuery = (text) => (text.includes("_id > '") ? Promise.resolve([]) : found.query(text));
    const report = await run({ lakes: [{ ...found, query }] });
    expect(report.counts).toMatchObject({ confirmed: 10_600, lost: 0 });
  });

  it('does not look for ever where nothing is to be found', async () => {
    await delivered(10_600, 2 * HOUR_MS);
    const lake = lakeOf({});
    const report = await run({ lakes: [lake] });
    expect(report.counts).toMatchObject({ confirmed: 0, lost: 10_600 });
    expect(lake.statements).toHaveLength(21);
  });

  it('looks into each dataset that the source’s events went to', async () => {
    const [before = '', twice = '', after = '', lost = ''] = await delivered(4, 2 * HOUR_MS);
    const today = lakeOf(once([twice, after]));
    const earlier = lakeOf({ ...once([before, twice]), [`e${'0'.repeat(63)}`]: 1 });
    const report = await run({ lakes: [today, { ...earlier, table: 'chatlio_events_before' }] });
    expect(report.counts).toMatchObject({ confirmed: 2, repeated: 1, lost: 1, invented: 1 });
    expect(report.lists.lost).toMatchObject([{ eventId: lost }]);
    expect(report.lake).toEqual({ read: true, table: 'chatlio_events', rows: 5 });
    expect(earlier.statements.every((text) => text.includes('FROM chatlio_events_before '))).toBe(true);
  });

  it('calls nothing lost that was sent to a dataset that it could not read', async () => {
    const { database, sourceId } = source();
    const [resent = ''] = await delivered(2, 2 * HOUR_MS);
    await sentUnder(1, 'flow A');
    await sentUnder(2, 'flow B');
    const [later = ''] = await delivered(1, 2 * HOUR_MS);
    const report = await run({ lakes: [lakeOf({})], unreadFlows: new Set(['flow A']) });
    expect(report.counts).toMatchObject({ accepted: 3, notCompared: 2, lost: 1 });
    expect(report.lists.lost).toMatchObject([{ eventId: later }]);

    await database.pool.query(
      `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, resolution, resolved_at, attempts, attempt_epochs)
       select source_id, partition, kind, event_id, seq, logged_at, 'unknown', 'resolved', 'delivered', now() - interval '90 minutes', 2, '{1,2}'
       from event_body where source_id = $1 and event_id = $2`,
      [sourceId, Buffer.from(resent, 'hex')],
    );
    const again = await run({ lakes: [lakeOf({})], unreadFlows: new Set(['flow A']) });
    expect(again.counts).toMatchObject({ accepted: 3, notCompared: 1, lost: 2 });
  });

  it('says of what was sent again under which version of the projection each attempt was made', async () => {
    const { database, sourceId } = source();
    const [changed = '', same = '', once = ''] = await delivered(3, 2 * HOUR_MS);
    for (const [epoch, version] of [
      [1, 1],
      [2, 1],
      [3, 2],
      [4, null],
    ] as const) {
      await database.pool.query(`insert into projection values ($1, $2, '{}') on conflict do nothing`, [
        sourceId,
        version ?? 1,
      ]);
      await database.pool.query(
        `insert into epoch_destination (source_id, epoch, flow_id, projection_version) values ($1, $2, 'flow', $3)`,
        [sourceId, epoch, version],
      );
    }
    for (const [id, epochs] of [
      [changed, '{4,1,3}'],
      [same, '{1,2}'],
      [once, '{1}'],
    ] as const) {
      await database.pool.query(
        `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, attempts, attempt_epochs)
         select source_id, partition, kind, event_id, seq, logged_at, 'missing', 'held', 1, $3
         from event_body where source_id = $1 and event_id = $2`,
        [sourceId, Buffer.from(id, 'hex'), epochs],
      );
    }
    const { lists } = await run({ lakes: [lakeOf({ [changed]: 2 })] });
    const versionsOf = new Map([...lists.repeated, ...lists.undecided].map((event) => [event.eventId, event.versions]));
    expect(versionsOf).toEqual(
      new Map([
        [changed, [null, 1, 2]],
        [same, [1, 1]],
        [once, undefined],
      ]),
    );
  });

  it('knows the flows before today’s, newest first, with their datasets where somebody has asked', async () => {
    const { database, sourceId } = source();
    for (const [epoch, flowId, datasetId] of [
      [1, 'flow A', null],
      [2, 'flow A', 'dataset of A'],
      [3, 'flow B', null],
      [4, 'flow C', 'dataset of C'],
    ] as const) {
      await database.pool.query(
        'insert into epoch_destination (source_id, epoch, flow_id, dataset_id) values ($1, $2, $3, $4)',
        [sourceId, 100 + epoch, flowId, datasetId],
      );
    }
    expect(await readEarlierFlows(database.pool, { id: sourceId, flow_id: 'flow C' })).toEqual([
      { flowId: 'flow B', datasetId: null },
      { flowId: 'flow A', datasetId: 'dataset of A' },
    ]);
  });

  it('of what was sent without proof counts what was accepted, and takes no row for lost or invented', async () => {
    await sentUnder(1, 'flow A');
    await withoutProof(1);
    await delivered(3, 5 * HOUR_MS);
    const all = await run({});
    expect(all).toMatchObject({ proof: 'none', lake: { read: false }, counts: { accepted: 3, confirmed: 0, lost: 0 } });
    await sentUnder(2, 'flow A');
    const later = await delivered(4, 4 * HOUR_MS);
    const counts = { accepted: 7, confirmed: 3, unproven: 3, lost: 1, invented: 0, unrecognised: 5 };
    const some = await run({ lakes: [lakeOf({ ...once(later.slice(1)), 'random-1': 1, 'random-2': 4 })] });
    expect(some.counts).toMatchObject(counts);
    expect(some.proof).toBeUndefined();
  });

  it('takes no event of another window for invented', async () => {
    const old = await delivered(2, 30 * HOUR_MS);
    expect((await run({ lakes: [lakeOf(once(old))] })).counts).toMatchObject({ taken: 0, invented: 0 });
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
    const report = await run({ lakes: [lakeOf({})] });
    expect(report.counts).toMatchObject({ taken: 1, accepted: 0, markedDelivered: 1, lost: 0, notCompared: 0 });
    expect(hasDifferences(report)).toBe(false);
  });

  it('lists a bounded number, and counts all', async () => {
    await delivered(700, 2 * HOUR_MS);
    const report = await run({ lakes: [lakeOf({})] });
    expect(report.counts.lost).toBe(700);
    expect(report.lists.lost).toHaveLength(200);
  });

  it('names every one of them, page by page', async () => {
    const ids = await delivered(AUDIT_PAGE + 700, 2 * HOUR_MS);
    const lake = lakeOf({});
    const first = await run({ lakes: [lake] }, { list: 'lost' });
    expect(first.counts.lost).toBe(ids.length);
    expect(first.hasMore).toBe(true);
    const named = first.lists.lost.map(({ eventId }) => eventId);
    expect(named).toHaveLength(AUDIT_PAGE);
    const rest = await run({ lakes: [lake] }, { list: 'lost', after: named.at(-1) ?? '' });
    expect(rest.hasMore).toBe(false);
    expect([...named, ...rest.lists.lost.map(({ eventId }) => eventId)]).toEqual(ids);
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
    const { counts, lists } = await run({ lakes: [lakeOf(once(ids))], withJournal: true });
    expect(counts).toMatchObject({ taken: 3, confirmed: 2, lost: 1, spooled: 0 });
    expect(lists.lost).toMatchObject([
      { eventId: 'cd'.repeat(32), what: 'answered by a receiver, but not in the event log' },
    ]);
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
      'the receiver never has not reported its journal since then: it is not known what it has taken since',
      'the receiver silent has not reported its journal since then: it is not known what it has taken since, and 4 of its events were waiting on its disk then',
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
