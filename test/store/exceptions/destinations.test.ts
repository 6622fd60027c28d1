/** Attempts are recorded with the epoch that they were made under, and a drain makes none under another than its own. */
import { assert, describe, expect, it } from 'vitest';
import { type CursorWindow, emptyWindow, intend, record } from '../../../src/domain/delivery/cursor.js';
import { type Claim, claimPartition, releaseClaim } from '../../../src/store/delivery/claim.js';
import { flush, type NewException } from '../../../src/store/delivery/flush.js';
import { openGate } from '../../../src/store/delivery/gate.js';
import { claimResends } from '../../../src/store/exceptions/exceptions.js';
import { readConfirmationPage } from '../../../src/store/exceptions/confirmation.js';
import { DESTINATION, epochOf, joinDestination, noteDataset } from '../../../src/store/exceptions/destinations.js';
import { dueLookUps } from '../../../src/store/exceptions/lookUps.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';

const database = withDatabase();

async function withEvents(count: number) {
  const sourceId = await freshSource(database());
  const id = { sourceId, partition: 0 };
  const names = Array.from({ length: count }, (_none, n) => takenEvent(`${n} of ${sourceId}`));
  await createEventLog(database()).append(sourceId, 0, names);
  const open = (flowId: string) =>
    openGate(database(), {
      sourceId,
      flowId,
      datasetId: `dataset of ${flowId}`,
      inletSealed: Buffer.alloc(1),
      opensAt: new Date(Date.now() - 1_000),
    });
  const claim = async (): Promise<Claim> => {
    const answer = await claimPartition(database(), { ...id, holder: 'a drain', leaseMs: 60_000 });
    assert(answer.state === 'claimed');
    return answer.claim;
  };
  const write = (
    claimed: Claim,
    number: number,
    recorded: CursorWindow,
    seqs: readonly number[],
    exceptions: readonly NewException[] = [],
  ) =>
    flush(database(), {
      ...id,
      fence: claimed.fence,
      claimId: claimed.claimId,
      number,
      leaseMs: 60_000,
      serverSince: claimed.serverSince,
      recorded,
      intended: intend(recorded, { seqs, absent: [] }),
      cursorLoggedAt: claimed.cursorLoggedAt,
      accepted: 0,
      receipts: [],
      exceptions,
    });
  const endLease = () =>
    database().pool.query('update partition_cursor set lease_until = clock_timestamp() where source_id = $1', [
      sourceId,
    ]);
  return { ...id, id, names, open, claim, write, endLease };
}

it('a drain is granted nothing once the gate was opened anew: its requests would go to the flow before', async () => {
  const { id, sourceId, open, claim, write } = await withEvents(1);
  await open('flow A');
  const claimed = await claim();
  await database().pool.query(
    `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, next_action, next_at, attempts)
     select source_id, partition, kind, event_id, seq, logged_at, 'unknown', 'waiting', 'resend', now(), 1
     from event_body where source_id = $1`,
    [sourceId],
  );
  await open('flow B');
  const holding = { ...id, fence: claimed.fence, claimId: claimed.claimId };
  expect(await claimResends(database(), { ...holding, limit: 1, answerWithinMs: 1_000 })).toEqual([]);
  expect(await write(claimed, 1, emptyWindow(0), [1])).toMatchObject({ granted: false });
  await releaseClaim(database(), holding);
  const next = await claim();
  const resends = { ...id, fence: next.fence, claimId: next.claimId, limit: 1, answerWithinMs: 1_000 };
  expect(await claimResends(database(), resends)).toMatchObject([{ attempt: 2 }]);
});

it('what a drain has left undecided was sent to where the gate led when it was intended, however late its lease ended', async () => {
  const { sourceId, open, claim, write, endLease } = await withEvents(1);
  await open('flow A');
  const claimed = await claim();
  expect(await write(claimed, 1, emptyWindow(0), [1])).toMatchObject({ granted: true });
  await open('flow B');
  await endLease();
  expect(await claim()).toMatchObject({ leftovers: 1 });
  expect(await dueLookUps(database(), sourceId, 10)).toMatchObject([
    { flowId: 'flow A', datasetId: 'dataset of flow A' },
  ]);
});

it('an answer that is recorded after the gate was opened anew is one of the flow before', async () => {
  const { sourceId, names, open, claim, write } = await withEvents(1);
  await open('flow A');
  const claimed = await claim();
  await write(claimed, 1, emptyWindow(0), [1]);
  await open('flow B');
  const sent = intend(emptyWindow(0), { seqs: [1], absent: [] });
  const eventId = names[0]?.eventId ?? Buffer.alloc(0);
  const event = { seq: 1, kind: 'feedback', eventId, loggedAt: new Date(), sealed: Buffer.alloc(1) } as const;
  await write(
    claimed,
    2,
    record(sent, { decided: [1], withdrawn: [] }),
    [],
    [{ event, reason: 'unknown', fact: 'ECONNRESET' }],
  );
  expect(await dueLookUps(database(), sourceId, 10)).toMatchObject([{ flowId: 'flow A' }]);
});

it('an event that was withdrawn and sent later is of the later epoch, its neighbours of the one before', async () => {
  const { id, open, claim, write } = await withEvents(3);
  await open('flow A');
  const first = await claim();
  await write(first, 1, emptyWindow(0), [1, 2, 3]);
  const sent = intend(emptyWindow(0), { seqs: [1, 2, 3], absent: [] });
  await write(first, 2, record(sent, { decided: [1, 3], withdrawn: [2] }), []);
  await releaseClaim(database(), { ...id, fence: first.fence, claimId: first.claimId });
  await open('flow B');
  const second = await claim();
  await write(second, 1, second.window, [2]);
  const again = intend(second.window, { seqs: [2], absent: [] });
  await write(second, 2, record(again, { decided: [2], withdrawn: [] }), []);
  const audit = { ...id, throughSeq: 3, confirmedSeq: 0, confirmedLoggedAt: '-infinity' };
  const { events } = await readConfirmationPage(database(), audit, 10);
  expect(events.map(({ flowId }) => flowId)).toEqual(['flow A', 'flow B', 'flow A']);
});

/** Recorded as the database does it for a gate that was opened then. */
async function lead(
  sourceId: number,
  epoch: number,
  flowId: string,
  { datasetId = null, since = '2026-01-01T00:00:00Z' }: { datasetId?: string | null; since?: string } = {},
): Promise<void> {
  await database().pool.query(
    'insert into epoch_destination (source_id, epoch, flow_id, dataset_id, since) values ($1, $2, $3, $4, $5)',
    [sourceId, epoch, flowId, datasetId, since],
  );
}

describe('where an attempt went', () => {
  const NOON = '2026-03-01T12:00:00Z';

  async function destinationOf(sourceId: number, epoch: number | null, at: string): Promise<unknown[]> {
    const { rows } = await database().pool.query<{ flowId: string | null; datasetId: string | null }>(
      `select ${DESTINATION} from (select $1::smallint as id) asked
         ${joinDestination({ sourceId: 'asked.id', epoch: '$2::bigint', at: '$3::timestamptz' })}`,
      [sourceId, epoch, at],
    );
    return rows.map(({ flowId, datasetId }) => [flowId, datasetId]);
  }

  /** Its gate led to flow A since January, to flow B since noon, and then to C; another source has a flow of each epoch. */
  async function ledFurther(): Promise<number> {
    const sourceId = await freshSource(database());
    const other = await freshSource(database());
    await lead(sourceId, 3, 'flow A', { datasetId: 'dataset A' });
    await lead(sourceId, 5, 'flow B', { since: NOON });
    await lead(sourceId, 8, 'flow C', { since: '2026-03-02T00:00:00Z' });
    for (const epoch of [3, 4, 5, 8]) await lead(other, epoch, 'of another source', { since: NOON });
    return sourceId;
  }

  it.each([
    [3, 'flow A'],
    [5, 'flow B'],
    [8, 'flow C'],
  ])('is where the gate led in its epoch %i, whenever it was', async (epoch, flowId) => {
    const sourceId = await ledFurther();
    const datasetId = flowId === 'flow A' ? 'dataset A' : null;
    for (const at of ['-infinity', NOON, 'infinity']) {
      expect(await destinationOf(sourceId, epoch, at), at).toEqual([[flowId, datasetId]]);
    }
  });

  it.each([
    ['that tells no epoch', null],
    ['of whose epoch nothing was recorded', 4],
  ])('%s is where the gate led at its time', async (_what, epoch) => {
    const sourceId = await ledFurther();
    expect(await destinationOf(sourceId, epoch, '2026-03-01T11:59:59Z')).toEqual([['flow A', 'dataset A']]);
    expect(await destinationOf(sourceId, epoch, NOON)).toEqual([['flow B', null]]);
    expect(await destinationOf(sourceId, epoch, '2026-04-01T00:00:00Z')).toEqual([['flow C', null]]);
  });

  it('before all that was recorded is the first of it', async () => {
    expect(await destinationOf(await ledFurther(), null, '2025-12-31T00:00:00Z')).toEqual([['flow A', 'dataset A']]);
  });

  it('is the newer of two epochs that began at once', async () => {
    const sourceId = await freshSource(database());
    await lead(sourceId, 1, 'flow A', { since: NOON });
    await lead(sourceId, 2, 'flow B', { since: NOON });
    expect(await destinationOf(sourceId, null, NOON)).toEqual([['flow B', null]]);
  });

  it('is nowhere, of a source that never had a flow', async () => {
    expect(await destinationOf(await freshSource(database()), 3, NOON)).toEqual([[null, null]]);
  });
});

describe('the epoch of an event of the log', () => {
  async function claimedUnder(
    sourceId: number,
    {
      partition = 0,
      epoch,
      cursorSeq,
      decided = '',
    }: Record<'epoch' | 'cursorSeq', number> & {
      partition?: number;
      decided?: string;
    },
  ): Promise<void> {
    await database().pool.query(
      'insert into partition_epoch (source_id, partition, epoch, cursor_seq, decided) values ($1, $2, $3, $4, $5)',
      [sourceId, partition, epoch, cursorSeq, Buffer.from(decided, 'hex')],
    );
  }

  /** Of the events of the partition, in their order. */
  async function epochs(sourceId: number, partition = 0): Promise<(number | null)[]> {
    const { rows } = await database().pool.query<{ epoch: number | null }>(
      `select ${epochOf('b')} as epoch from event_body b where source_id = $1 and partition = $2 order by seq`,
      [sourceId, partition],
    );
    return rows.map(({ epoch }) => epoch);
  }

  it('is the newest for which it was still to be sent: beyond the cursor, and not decided', async () => {
    const { sourceId } = await withEvents(13);
    await claimedUnder(sourceId, { epoch: 1, cursorSeq: 1 });
    // Of the events 3 to 10 after the cursor, the first, the third and the last are decided.
    await claimedUnder(sourceId, { epoch: 4, cursorSeq: 2, decided: '85' });
    await claimedUnder(sourceId, { epoch: 6, cursorSeq: 12 });
    expect(await epochs(sourceId)).toEqual([null, 1, 1, 4, 1, 4, 4, 4, 4, 1, 4, 4, 6]);
  });

  it('goes on over bytes of what is decided', async () => {
    const { sourceId } = await withEvents(17);
    await claimedUnder(sourceId, { epoch: 1, cursorSeq: 0 });
    await claimedUnder(sourceId, { epoch: 2, cursorSeq: 0, decided: 'ff81' });
    expect(await epochs(sourceId)).toEqual([...Array.from({ length: 9 }, () => 1), 2, 2, 2, 2, 2, 2, 1, 2]);
  });

  it('is one of its own partition and source', async () => {
    const sourceId = await freshSource(database(), 2);
    const other = await withEvents(1);
    await createEventLog(database()).append(sourceId, 0, [takenEvent(`one of ${sourceId}`)]);
    await createEventLog(database()).append(sourceId, 1, [takenEvent(`two of ${sourceId}`)]);
    await claimedUnder(sourceId, { epoch: 1, cursorSeq: 0 });
    await claimedUnder(sourceId, { partition: 1, epoch: 2, cursorSeq: 0 });
    await claimedUnder(other.sourceId, { epoch: 3, cursorSeq: 0 });
    expect(await epochs(sourceId)).toEqual([1]);
    expect(await epochs(sourceId, 1)).toEqual([2]);
  });
});

describe('the dataset of a flow', () => {
  async function destinations(sourceId: number): Promise<unknown[]> {
    const { rows } = await database().pool.query<{ epoch: number; flow_id: string; dataset_id: string | null }>(
      'select epoch, flow_id, dataset_id from epoch_destination where source_id = $1 order by epoch',
      [sourceId],
    );
    return rows.map((row) => [row.epoch, row.flow_id, row.dataset_id]);
  }

  it('is noted with each epoch in which the source led there, and with nothing else', async () => {
    const sourceId = await freshSource(database());
    const other = await freshSource(database());
    await lead(sourceId, 1, 'flow A');
    await lead(sourceId, 2, 'flow B');
    await lead(sourceId, 3, 'flow A');
    await lead(other, 1, 'flow A');
    await noteDataset(database().pool, sourceId, { flowId: 'flow A', datasetId: 'dataset A' });
    expect(await destinations(sourceId)).toEqual([
      [1, 'flow A', 'dataset A'],
      [2, 'flow B', null],
      [3, 'flow A', 'dataset A'],
    ]);
    expect(await destinations(other)).toEqual([[1, 'flow A', null]]);
  });

  it('stays the one that was noted first', async () => {
    const sourceId = await freshSource(database());
    await lead(sourceId, 1, 'flow A', { datasetId: 'dataset A' });
    await noteDataset(database().pool, sourceId, { flowId: 'flow A', datasetId: 'another' });
    expect(await destinations(sourceId)).toEqual([[1, 'flow A', 'dataset A']]);
  });
});
