import { expect, it } from 'vitest';
import { closeGate } from '../../../src/store/delivery/gate.js';
import { noteLake } from '../../../src/store/exceptions/lookUps.js';
import { countUnconfirmed, countUnsent } from '../../../src/store/views/outstanding.js';
import { withDatabase } from '../../support/store.js';
import { loggedSource } from '../delivery/claimedSource.js';
import { AWAITS_LAKE, DELIVERED, except, passedSource, TO_RESEND } from '../exceptions/passedSource.js';

const database = withDatabase();
const unconfirmed = (sourceId: number, discard = false) => countUnconfirmed(database(), sourceId, { discard });

it('counts what waits to be sent, and says why nothing is', async () => {
  const { sourceId } = await loggedSource(database(), 3);
  await closeGate(database(), sourceId, 'paused by ana');
  expect(await countUnsent(database(), sourceId)).toEqual({ count: 3, closed: 'paused by ana' });
  const passed = await passedSource(database(), 2);
  await except(database(), passed.sourceId, 1, TO_RESEND);
  expect(await countUnsent(database(), passed.sourceId)).toMatchObject({ count: 1 });
});

it('counts what was sent until the look into the lake has passed it, and what is held for a decision apart', async () => {
  const { sourceId } = await passedSource(database(), 5);
  expect(await unconfirmed(sourceId)).toEqual({ count: 5, held: 0 });
  await database().pool.query('insert into partition_audit (source_id, partition, audited_seq) values ($1, 0, 5)', [
    sourceId,
  ]);
  expect(await unconfirmed(sourceId)).toEqual({ count: 0, held: 0 });
  await except(database(), sourceId, 1, DELIVERED);
  await except(database(), sourceId, 2, TO_RESEND);
  await except(database(), sourceId, 3, AWAITS_LAKE);
  // Never sent: nothing of it can be in the lake.
  await except(database(), sourceId, 4, { reason: `'unsent'`, state: `'held'` });
  expect(await unconfirmed(sourceId)).toEqual({ count: 2, held: 1 });
  expect(await unconfirmed(sourceId, true)).toEqual({ count: 1, held: 1 });
  await noteLake(database(), sourceId, 'refused');
  expect(await unconfirmed(sourceId)).toEqual({ count: 2, held: 1, lake: 'refused' });
});
