/** Flow and dataset of a source are replaced while outcomes are unknown or not confirmed. */
import { expect, it, vi } from 'vitest';
import { mayGo } from '../../../src/domain/source/updating/replacing.js';
import { countOfFlow } from '../../../src/store/views/outstandingOfFlow.js';
import { LONG_MS, withReconcileBench } from './bench.js';

const bench = withReconcileBench();
vi.setConfig({ testTimeout: 60_000 });

it('an unknown event is looked for where it was sent, and found there', async () => {
  const { take, deliver, reconcile, age, exceptions, replaceFlow, truth } = bench();
  const [id] = await take(1, 'acceptThenReset');
  await deliver();
  await replaceFlow();
  await take(3);
  await deliver();
  await age(LONG_MS);
  expect(await reconcile()).toMatchObject({ lake: { state: 'readable' } });
  expect(await exceptions()).toMatchObject([{ state: 'resolved', resolution: 'delivered', attempts: 1 }]);
  expect(await truth(id ?? '')).toMatchObject({ acceptances: [{}], rows: 1 });
});

it('an unknown event that is not there is not sent again on the word of another flow’s later events', async () => {
  const { take, deliver, reconcile, age, exceptions, replaceFlow } = bench();
  await take(1);
  await deliver();
  await take(1, 'resetAfterReadNotAccepted');
  await deliver();
  await replaceFlow();
  await take(3);
  await deliver();
  await age(LONG_MS);
  await reconcile();
  expect(await exceptions()).toMatchObject([{ state: 'held', reason: 'unknown', attempts: 1 }]);
});

it('accepted events are confirmed where they were sent, and the new ones where they are now', async () => {
  const { take, deliver, reconcile, age, exceptions, counters, replaceFlow } = bench();
  await take(5);
  await deliver();
  await reconcile();
  await replaceFlow();
  await take(4);
  await deliver();
  await age(LONG_MS);
  await reconcile();
  await age(LONG_MS);
  await take(1);
  await deliver();
  await reconcile();
  expect(await exceptions()).toEqual([]);
  expect((await counters()).confirmed).toBe(9);
});

it('a resend that was accepted is confirmed where it was sent', async () => {
  const { take, deliver, reconcile, age, exceptions, counters, replaceFlow, simulator } = bench();
  await take(1, 'resetAfterReadNotAccepted');
  await deliver();
  await take(2);
  await deliver();
  await age(LONG_MS);
  await reconcile();
  simulator.simulator().admin.faults.clear();
  await deliver();
  expect(await exceptions()).toMatchObject([{ state: 'resolved', resolution: 'delivered', attempts: 2 }]);
  await replaceFlow();
  await take(2);
  await deliver();
  await age(LONG_MS);
  await reconcile();
  expect(await exceptions()).toMatchObject([{ state: 'resolved', resolution: 'delivered', attempts: 2 }]);
  expect((await counters()).confirmed).toBe(3);
});

it('a failed batch of the dataset before is read for what was sent to it, and for nothing else', async () => {
  const { take, deliver, reconcile, age, exceptions, replaceFlow } = bench();
  const [accepted] = await take(1, 'asyncInvalid');
  await deliver();
  await replaceFlow();
  await take(2);
  await deliver();
  await reconcile();
  await age(LONG_MS);
  await reconcile();
  const found = new Map((await exceptions()).map((one) => [one.event_id, `${one.reason} ${one.state}`]));
  expect(found).toEqual(new Map([[accepted, 'invalid held']]));
});

it('a dataset that is gone proves nothing: what was sent to it is held, and nothing of it is sent again', async () => {
  const { take, deliver, reconcile, age, exceptions, replaceFlow, simulator, truth } = bench();
  const { datasetId } = await replaceFlow();
  const [unknown] = await take(1, 'acceptThenReset');
  const [accepted] = await take(1);
  await deliver();
  await reconcile();
  await replaceFlow();
  await take(2);
  await deliver();
  const { status } = await simulator.platform('DELETE', `/data/foundation/catalog/dataSets/${datasetId}`);
  expect(status).toBe(200);
  await age(LONG_MS);
  await reconcile();
  await deliver();
  const found = new Map((await exceptions()).map((one) => [one.event_id, `${one.reason} ${one.state}`]));
  expect(found).toEqual(
    new Map([
      [unknown, 'unknown held'],
      [accepted, 'missing held'],
    ]),
  );
  expect(await truth(unknown ?? '')).toMatchObject({ acceptances: [{}] });
});

it('what was sent to the flow before is counted until it is confirmed or decided, and nothing of the new flow with it', async () => {
  const { database, sourceId, source, take, deliver, reconcile, age, replaceFlow, simulator, truth } = bench();
  const outstanding = (flowId: string) => countOfFlow(database, sourceId, flowId);
  const [unknown = ''] = await take(1, 'acceptThenReset');
  const [lost = ''] = await take(1, 'resetAfterReadNotAccepted');
  await deliver();
  const accepted = await take(2);
  await deliver();
  expect(await outstanding(source.flowId)).toEqual({ count: 4, held: 0, used: true });
  const { flowId } = await replaceFlow();
  expect(await outstanding(flowId)).toEqual({ count: 0, held: 0, used: true });
  simulator.simulator().admin.faults.clear();
  const later = await take(3);
  await deliver();
  expect((await outstanding(source.flowId)).count).toBe(4);
  await reconcile();
  await age(LONG_MS);
  await reconcile();
  // That the lost one never arrived is known, and it goes to the new flow.
  expect(mayGo(await outstanding(source.flowId))).toBe(true);
  await deliver();
  for (const id of [...accepted, unknown, lost, ...later]) {
    expect(await truth(id)).toMatchObject({ acceptances: [{}], rows: 1 });
  }
  expect(await outstanding('never')).toEqual({ count: 0, held: 0, used: false });
});
