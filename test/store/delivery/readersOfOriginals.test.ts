/** A source that keeps originals is not drained by a release that does not read them: it would post them as they are. */
import { assert, describe, expect, it, onTestFinished } from 'vitest';
import { Client } from 'pg';
import { emptyWindow, intend, record } from '../../../src/domain/delivery/cursor.js';
import { openDatabase } from '../../../src/store/connection/database.js';
import { isTransient, sqlState } from '../../../src/store/connection/transient.js';
import { claimPartition, releaseClaim } from '../../../src/store/delivery/claim.js';
import { openGate } from '../../../src/store/delivery/gate.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { startPooler } from '../../support/pooler.js';
import { freshSource, silentLog, takenEvent, withDatabase } from '../../support/store.js';
import { CLAIM as CLAIM_OF_011, FLUSH as FLUSH_OF_011 } from './statementsOf011.js';

const database = withDatabase();
const LEASE_MS = 60_000;

const CLAIM_OF_010 = `
update partition_cursor set fence = fence + 1, flush_number = 0, holder = $3, handover_asked = false,
              lease_until = clock_timestamp() + $4 * interval '1 millisecond'
       where source_id = $1 and partition = $2 returning fence`;
const CLAIM_OF_012 = `
update partition_cursor set fence = fence + 1, claim_id = gen_random_uuid(), flush_number = 0, holder = $3,
              handover_asked = false, lease_ms = $4::int, lease_until = clock_timestamp() + $4 * interval '1 millisecond',
              claim_epoch = (select epoch from gate where source_id = $1)
       where source_id = $1 and partition = $2 returning fence, claim_id, claim_epoch`;
const CLAIMS = { '0.1.0': CLAIM_OF_010, '0.1.1': CLAIM_OF_011, '0.1.2': CLAIM_OF_012 };
const ASK_FOR_HANDOVER = `update partition_cursor set handover_asked = true where source_id = $1 and partition = $2 and not handover_asked`;

async function source() {
  const sourceId = await freshSource(database());
  await createEventLog(database()).append(sourceId, 0, [
    takenEvent(`of ${sourceId}`),
    takenEvent(`too of ${sourceId}`),
  ]);
  await openGate(database(), { sourceId, flowId: 'flow', inletSealed: Buffer.alloc(1), opensAt: new Date(0) });
  await database().pool.query('insert into partition_cursor (source_id, partition) values ($1, 0)', [sourceId]);
  return sourceId;
}

async function keepOriginals(sourceId: number): Promise<void> {
  await database().pool.query('update source set keeps_originals = true where id = $1', [sourceId]);
}

/** A session of a release before 0.2.0: it says nothing of what it reads. */
async function olderSession(url = database().pool.options.connectionString): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(
    `set search_path = public; set default_transaction_isolation = 'read committed'; set lock_timeout = 0; set statement_timeout = 0`,
  );
  return client;
}

const failureOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => undefined,
    (error: unknown) => error,
  );

async function cursorOf(sourceId: number): Promise<unknown> {
  const { rows } = await database().pool.query('select * from partition_cursor where source_id = $1', [sourceId]);
  return rows[0];
}

function claim(sourceId: number, through = database()) {
  return claimPartition(through, { sourceId, partition: 0, holder: 'newer', leaseMs: LEASE_MS });
}

describe.each(Object.entries(CLAIMS))('the claim of %s', (_release, statement) => {
  it('is granted for a source that was not switched', async () => {
    const sourceId = await source();
    const older = await olderSession();
    expect((await older.query(statement, [sourceId, 0, 'older', LEASE_MS])).rows).toMatchObject([{ fence: '1' }]);
  });

  it('fails for one that keeps originals as what may pass, and changes nothing', async () => {
    const sourceId = await source();
    await keepOriginals(sourceId);
    const before = await cursorOf(sourceId);
    const older = await olderSession();
    const failure = await failureOf(older.query(statement, [sourceId, 0, 'older', LEASE_MS]));
    expect(failure).toMatchObject({ message: expect.stringContaining('keeps originals') as string });
    expect(isTransient(failure)).toBe(true);
    expect(await cursorOf(sourceId)).toEqual(before);
  });
});

it('a session of this release takes it, and is not asked by an older one to hand it over', async () => {
  const sourceId = await source();
  await keepOriginals(sourceId);
  expect(await claim(sourceId)).toMatchObject({ state: 'claimed' });
  const older = await olderSession();
  expect(sqlState(await failureOf(older.query(ASK_FOR_HANDOVER, [sourceId, 0])))).toBe('55000');
  expect(await cursorOf(sourceId)).toMatchObject({ handover_asked: false });
});

it('an older drain that has the partition when the source is switched intends nothing more, and what it has sent is recorded', async () => {
  const sourceId = await source();
  const older = await olderSession();
  const { rows } = await older.query<{ claim_id: string }>(CLAIM_OF_011, [sourceId, 0, 'older', LEASE_MS]);
  const server = await older.query<{ since: string }>('select pg_postmaster_start_time()::text as since');
  const flush = (number: number, recorded = emptyWindow(0), intended = recorded) =>
    older.query(FLUSH_OF_011, [
      sourceId,
      0,
      1,
      number,
      LEASE_MS,
      '-infinity',
      0,
      ...[recorded, intended].flatMap((window) => [
        window.cursor,
        window.intended,
        window.decided,
        window.withdrawn,
        0,
      ]),
      null,
      null,
      '',
      rows[0]?.claim_id,
      server.rows[0]?.since,
      ...Array.from({ length: 7 }, () => []),
    ]);
  const first = intend(emptyWindow(0), { seqs: [1], absent: [] });
  expect((await flush(1, emptyWindow(0), first)).rows).toMatchObject([{ granted: true }]);
  await keepOriginals(sourceId);
  const sent = record(first, { decided: [1], withdrawn: [] });
  expect(sqlState(await failureOf(flush(2, sent, intend(sent, { seqs: [2], absent: [] }))))).toBe('55000');
  await flush(2, sent);
  expect(await cursorOf(sourceId)).toMatchObject({ cursor_seq: 1, intended_seq: 1 });
});

it('behind a pooler, too, each is known by its own transaction', async () => {
  const sourceId = await source();
  await keepOriginals(sourceId);
  const url = await startPooler(database().pool.options.connectionString as string);
  const pooled = openDatabase({ url, applicationName: 'test', log: silentLog });
  onTestFinished(() => pooled.close());
  const older = await olderSession(url);
  for (let n = 1; n <= 7; n += 1) {
    const answer = await claim(sourceId, pooled);
    assert(answer.state === 'claimed');
    await releaseClaim(pooled, { sourceId, partition: 0, fence: n, claimId: answer.claim.claimId });
    const asked = older.query(
      `begin; set local search_path = public; update partition_cursor set fence = fence + 1, holder = 'older', lease_until = now() where source_id = ${sourceId}; commit`,
    );
    expect(sqlState(await failureOf(asked))).toBe('55000');
    await older.query('rollback');
  }
});
