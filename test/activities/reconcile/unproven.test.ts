/** Events that are sent under a mapping that does not tell them apart: nothing is looked for, and nothing is sent again. */
import { expect, it, vi } from 'vitest';
import type { Projection } from '../../../src/domain/projection/projection.js';
import { inletContext } from '../../../src/store/keys/contexts.js';
import { closeGate, openGate } from '../../../src/store/delivery/gate.js';
import { setProjection } from '../../../src/store/delivery/projections.js';
import { countUnconfirmed } from '../../../src/store/views/outstanding.js';
import { countOfFlow } from '../../../src/store/views/outstandingOfFlow.js';
import { LONG_MS, withReconcileBench } from './bench.js';

const bench = withReconcileBench();
vi.setConfig({ testTimeout: 60_000 });

const PROJECTION: Projection = {
  v: 1,
  recipe: 1,
  mappingSet: { id: 'm', version: 0 },
  reads: ['message'],
  contents: 'full',
  privacy: { drop: [], hash: [], redact: [] },
  absent: 'omitted',
};

/** From now on. */
async function sendWith(projection: Projection): Promise<void> {
  const { database, sourceId, keyRing, source } = bench();
  await closeGate(database, sourceId, 'an update');
  await setProjection(database, sourceId, projection);
  const inletSealed = keyRing.seal(Buffer.from(source.inletUrl), inletContext(sourceId));
  const opensAt = new Date(Date.now() - 1_000);
  await openGate(database, { sourceId, flowId: source.flowId, inletSealed, opensAt, unpauses: true });
}

const unproven = (): Promise<void> => sendWith({ ...PROJECTION, proof: 'none' });
const proven = (): Promise<void> => sendWith({ ...PROJECTION, mappingSet: { id: 'm', version: 1 } });

it('an unknown outcome is held at once and not sent again, however long one waits', async () => {
  const { take, deliver, reconcile, age, exceptions, truth } = bench();
  await unproven();
  const [lost] = await take(1, 'resetAfterReadNotAccepted');
  await take(2);
  await deliver();
  expect((await reconcile()).lake).toMatchObject({ state: 'refused', detail: expect.stringContaining('proof: none') });
  const held = [{ state: 'held', reason: 'unknown', attempts: 1 }];
  expect(await exceptions()).toMatchObject(held);
  await age(LONG_MS);
  await reconcile();
  await deliver();
  expect(await exceptions()).toMatchObject(held);
  expect((await truth(lost ?? ''))?.acceptances ?? []).toEqual([]);
});

it('accepted events are passed without being confirmed, and are none that a teardown waits for', async () => {
  const { take, deliver, reconcile, age, exceptions, counters, database, sourceId, oldestUnconfirmedMs } = bench();
  await unproven();
  await take(3);
  await deliver();
  expect(await countUnconfirmed(database, sourceId, { discard: false })).toEqual({ count: 0, held: 0 });
  await reconcile();
  await age(LONG_MS);
  await reconcile();
  expect(await exceptions()).toEqual([]);
  expect(await counters()).toMatchObject({ accepted: 3 });
  expect((await counters()).confirmed ?? 0).toBe(0);
  expect(await oldestUnconfirmedMs()).toBeUndefined();
});

it('what was delivered in the end before is confirmed all the same, and so does not keep a teardown waiting', async () => {
  const { take, deliver, reconcile, age, decide, exceptions, database, sourceId } = bench();
  await proven();
  await take(1, 'resetAfterReadNotAccepted');
  await deliver();
  await age(LONG_MS);
  await reconcile();
  await decide({ decision: 'resend', reason: 'unknown' });
  await deliver();
  expect(await exceptions()).toMatchObject([{ state: 'resolved', resolution: 'delivered', attempts: 2 }]);
  await unproven();
  await age(LONG_MS);
  expect(await reconcile()).toMatchObject({ lake: { state: 'readable' } });
  await age(LONG_MS);
  await reconcile();
  expect(await countUnconfirmed(database, sourceId, { discard: false })).toMatchObject({ count: 0 });
});

it('a flow is in use as long as it is not known what became of an event that was sent to it', async () => {
  const { take, deliver, reconcile, database, sourceId, replaceFlow } = bench();
  await unproven();
  const { flowId } = await replaceFlow();
  await take(1, 'resetAfterReadNotAccepted');
  await deliver();
  expect(await countOfFlow(database, sourceId, flowId)).toEqual({ count: 1, held: 0, used: true });
  await reconcile();
  expect(await countOfFlow(database, sourceId, flowId)).toEqual({ count: 0, held: 1, used: true });
});

it('an event of which no attempt tells its epoch counts as what was there at its time', async () => {
  const { take, deliver, reconcile, age, decide, exceptions, database, sourceId } = bench();
  await unproven();
  await take(1, 'resetAfterReadNotAccepted');
  await deliver();
  await reconcile();
  await decide({ decision: 'resend', reason: 'unknown' });
  await deliver();
  expect(await exceptions()).toMatchObject([{ resolution: 'delivered' }]);
  await database.pool.query(`update exception set attempt_epochs = '{}' where source_id = $1`, [sourceId]);
  await database.pool.query(
    `update epoch_destination set since = '-infinity'
     where source_id = $1 and epoch = (select max(epoch) from epoch_destination where source_id = $1)`,
    [sourceId],
  );
  await age(LONG_MS);
  await reconcile();
  await age(LONG_MS);
  await reconcile();
  expect(await countUnconfirmed(database, sourceId, { discard: false })).toMatchObject({ count: 0 });
});

it('what was sent before is looked for all the same, and so is what is sent after proof was restored', async () => {
  const { take, deliver, reconcile, age, exceptions, counters } = bench();
  await proven();
  await take(2);
  const [landed] = await take(1, 'acceptThenReset');
  await deliver();
  await unproven();
  await take(3);
  await deliver();
  await reconcile();
  await age(LONG_MS);
  expect(await reconcile()).toMatchObject({ lake: { state: 'readable' } });
  expect(await exceptions()).toMatchObject([{ event_id: landed, state: 'resolved', resolution: 'delivered' }]);
  await proven();
  await take(4);
  await deliver();
  await reconcile();
  await age(LONG_MS);
  await take(1);
  await deliver();
  await reconcile();
  expect((await counters()).confirmed).toBe(7);
});
