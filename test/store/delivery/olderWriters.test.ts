/** What a release before 0032 writes beside a worker of this one is looked for where it was sent. */
import { assert, expect, it } from 'vitest';
import { type CursorWindow, emptyWindow, intend, record } from '../../../src/domain/delivery/cursor.js';
import { KIND_FACTS } from '../../../src/domain/events/kinds.js';
import { claimPartition, releaseClaim } from '../../../src/store/delivery/claim.js';
import { openGate } from '../../../src/store/delivery/gate.js';
import { readConfirmationPage } from '../../../src/store/exceptions/confirmation.js';
import { dueLookUps } from '../../../src/store/exceptions/lookUps.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { freshSource, takenEvent, withDatabase } from '../../support/store.js';
import { CLAIM, CLAIM_RESENDS, FLUSH, OPEN_GATE } from './statementsOf011.js';

const database = withDatabase();
const LEASE_MS = 60_000;
const OPENED_AT = new Date(0);

async function withEvents(count: number) {
  const sourceId = await freshSource(database());
  const events = Array.from({ length: count }, (_none, n) => takenEvent(`${n} of ${sourceId}`));
  await createEventLog(database()).append(sourceId, 0, events);
  const open = (flowId: string) =>
    openGate(database(), { sourceId, flowId, inletSealed: Buffer.alloc(1), opensAt: OPENED_AT });
  return { sourceId, id: { sourceId, partition: 0 }, events, open };
}

function windowValues(window: CursorWindow) {
  return [window.cursor, window.intended, window.decided, window.withdrawn, 0];
}

/** A drain of 0.1.1 on partition 0. */
async function olderDrain(sourceId: number) {
  const { pool } = database();
  await pool.query('insert into partition_cursor (source_id, partition) values ($1, 0) on conflict do nothing', [
    sourceId,
  ]);
  const { rows } = await pool.query<{ fence: number; claim_id: string }>(CLAIM, [sourceId, 0, 'older', LEASE_MS]);
  const server = await pool.query<{ since: string }>('select pg_postmaster_start_time()::text as since');
  const { fence, claim_id: claimId } = rows[0] ?? { fence: 0, claim_id: '' };
  let number = 0;
  return {
    release: () => releaseClaim(database(), { sourceId, partition: 0, fence, claimId }),
    resends: () => pool.query(CLAIM_RESENDS, [sourceId, 0, fence, 10, LEASE_MS, claimId]),
    async flush(
      recorded: CursorWindow,
      intended: CursorWindow,
      unknown: readonly { seq: number; eventId: Buffer }[] = [],
    ) {
      number += 1;
      const { rows: answers } = await pool.query<{ granted: boolean }>(FLUSH, [
        sourceId,
        0,
        fence,
        number,
        LEASE_MS,
        '-infinity',
        0,
        ...windowValues(recorded),
        ...windowValues(intended),
        null,
        null,
        '',
        claimId,
        server.rows[0]?.since,
        unknown.map(() => KIND_FACTS.feedback.code),
        unknown.map(({ eventId }) => eventId),
        unknown.map(({ seq }) => seq),
        unknown.map(() => new Date()),
        unknown.map(() => 'unknown'),
        unknown.map(() => null),
        unknown.map(() => 'ECONNRESET'),
      ]);
      return answers[0]?.granted;
    },
  };
}

/** Sends these, each accepted. */
async function send(drain: Awaited<ReturnType<typeof olderDrain>>, window: CursorWindow, seqs: readonly number[]) {
  const intended = intend(window, { seqs, absent: [] });
  expect(await drain.flush(window, intended)).toBe(true);
  const recorded = record(intended, { decided: seqs, withdrawn: [] });
  await drain.flush(recorded, recorded);
  return recorded;
}

async function claimed(sourceId: number) {
  const answer = await claimPartition(database(), { sourceId, partition: 0, holder: 'newer', leaseMs: LEASE_MS });
  assert(answer.state === 'claimed');
  const { fence, claimId } = answer.claim;
  return { ...answer.claim, release: () => releaseClaim(database(), { sourceId, partition: 0, fence, claimId }) };
}

async function flowsOf(sourceId: number, throughSeq: number) {
  const audit = { sourceId, partition: 0, throughSeq, confirmedSeq: 0, confirmedLoggedAt: '-infinity' };
  const { events } = await readConfirmationPage(database(), audit, 10);
  return events.map(({ flowId }) => flowId);
}

it('what an older drain sends after a newer one is of the flow of its time', async () => {
  const { sourceId, open } = await withEvents(3);
  await open('flow A');
  await (await claimed(sourceId)).release();
  const first = await olderDrain(sourceId);
  const one = await send(first, emptyWindow(0), [1]);
  await first.release();
  await open('flow B');
  const second = await olderDrain(sourceId);
  const two = await send(second, one, [2]);
  await second.release();
  await open('flow C');
  const newer = await claimed(sourceId);
  expect(newer.window).toMatchObject({ cursor: two.cursor });
  expect(await flowsOf(sourceId, 3)).toEqual(['flow A', 'flow B', 'flow C']);
});

it('a gate that an older worker has opened leads to the flow that it has told', async () => {
  const { sourceId, open } = await withEvents(2);
  await open('flow A');
  const first = await olderDrain(sourceId);
  const one = await send(first, emptyWindow(0), [1]);
  await first.release();
  await database().pool.query(OPEN_GATE, [sourceId, OPENED_AT, 'flow B', Buffer.alloc(1), 'opened']);
  const second = await olderDrain(sourceId);
  await send(second, one, [2]);
  await open('flow C');
  expect(await flowsOf(sourceId, 2)).toEqual(['flow A', 'flow B']);
});

it('an attempt that an older drain has made of unknown outcome, and one that it makes again, are of the flow of their time', async () => {
  const { sourceId, open, events } = await withEvents(2);
  await open('flow A');
  await (await claimed(sourceId)).release();
  await open('flow B');
  const drain = await olderDrain(sourceId);
  const intended = intend(emptyWindow(0), { seqs: [1, 2], absent: [] });
  expect(await drain.flush(emptyWindow(0), intended)).toBe(true);
  const recorded = record(intended, { decided: [1, 2], withdrawn: [] });
  const unknown = events.map(({ eventId }, index) => ({ seq: index + 1, eventId }));
  await drain.flush(recorded, recorded, unknown);
  await open('flow C');
  expect(await dueLookUps(database(), sourceId, 10)).toMatchObject([{ flowId: 'flow B' }, { flowId: 'flow B' }]);

  await database().pool.query(
    `update exception set next_action = 'resend', attempt_epochs = '{1}' where source_id = $1`,
    [sourceId],
  );
  await drain.resends();
  await open('flow D');
  await database().pool.query(
    `update exception set state = 'waiting', next_action = 'look-up', next_at = now() where source_id = $1`,
    [sourceId],
  );
  expect(await dueLookUps(database(), sourceId, 10)).toMatchObject([{ flowId: 'flow C' }, { flowId: 'flow C' }]);
});

it('what an older drain has left undecided was sent to where the gate led when it was intended', async () => {
  const { sourceId, open } = await withEvents(1);
  await open('flow A');
  await (await claimed(sourceId)).release();
  await open('flow B');
  const drain = await olderDrain(sourceId);
  await drain.flush(emptyWindow(0), intend(emptyWindow(0), { seqs: [1], absent: [] }));
  await open('flow C');
  await drain.release();
  expect(await claimed(sourceId)).toMatchObject({ leftovers: 1 });
  expect(await dueLookUps(database(), sourceId, 10)).toMatchObject([{ flowId: 'flow B' }]);
});
