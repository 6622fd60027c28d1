/** What shows of a canary in the lake, and how long it is waited for. What Adobe refuses: `forwarding/undocumented.test.ts`. */
import { expect, it, vi } from 'vitest';
import { KINDS } from '../../../src/domain/events/kinds.js';
import { inletContext } from '../../../src/store/keys/contexts.js';
import { readAwaitedCanaries, readCanaries } from '../../../src/store/delivery/canaries.js';
import { closeGate, openGate } from '../../../src/store/delivery/gate.js';
import { setProjection } from '../../../src/store/delivery/projections.js';
import { PROJECTION } from '../../support/projection.js';
import { withReconcileBench, WAITS } from './bench.js';

const bench = withReconcileBench();
vi.setConfig({ testTimeout: 60_000 });

async function change(): Promise<void> {
  const { database, sourceId, keyRing, source } = bench();
  await closeGate(database, sourceId, 'what leaves changes');
  await setProjection(database, sourceId, PROJECTION, { canaries: true });
  const inletSealed = keyRing.seal(Buffer.from(source.inletUrl), inletContext(sourceId));
  await openGate(database, { sourceId, flowId: source.flowId, inletSealed, opensAt: new Date(Date.now() - 1_000) });
  await database.pool.query('update source set delivery = $2 where id = $1', [sourceId, WAITS]);
}

const awaited = async () => readAwaitedCanaries(bench().database, bench().sourceId);
const isProven = async () => !(await readCanaries(bench().database, bench().sourceId)).has('feedback');
const acceptedLongAgo = (ms: number) =>
  bench().database.pool.query(`update canary set accepted_at = accepted_at - $1 * interval '1 millisecond'`, [ms]);

it('is proven once it is in the lake, and asks for the others to be sent', async () => {
  const { take, deliver, reconcile, database, sourceId } = bench();
  await change();
  expect((await readCanaries(database, sourceId)).size).toBe(KINDS.length);
  const [first, second] = await take(2);
  await deliver();
  expect(await awaited()).toEqual([
    { kind: 'feedback', eventId: first, acceptedForMs: undefined, atMostMs: WAITS.lakeLatencyMs },
  ]);
  await database.pool.query('update partition_head set wake_seq = null where source_id = $1', [sourceId]);
  await reconcile();
  expect([await isProven(), await awaited()]).toEqual([true, []]);
  const { rows } = await database.pool.query('select wake_seq from partition_head where source_id = $1', [sourceId]);
  expect(rows).toEqual([{ wake_seq: 2 }]);
  await deliver();
  expect(await bench().truth(second ?? '')).toMatchObject({ rows: 1 });
});

it('is waited for no longer than the lake may take', async () => {
  const { take, deliver, reconcile } = bench();
  await change();
  await take(1, 'loseAfterAccept');
  await deliver();
  const { lookUps } = await reconcile();
  expect(lookUps.dueInMs).toBeLessThanOrEqual(WAITS.lakeLatencyMs);
  expect(await awaited()).toMatchObject([{ acceptedForMs: expect.any(Number) }]);
  await acceptedLongAgo(WAITS.lakeLatencyMs - 500);
  await reconcile();
  expect(await isProven()).toBe(false);
  await acceptedLongAgo(500);
  await reconcile();
  expect(await isProven()).toBe(true);
});

it('is waited for as long where the lake may not be read', async () => {
  const { take, deliver, reconcile, refuse } = bench();
  await change();
  await take(1);
  await deliver();
  refuse();
  await reconcile();
  expect(await isProven()).toBe(false);
  await acceptedLongAgo(WAITS.lakeLatencyMs);
  await reconcile();
  expect(await isProven()).toBe(true);
});

it('that is held without an answer makes room for the next event', async () => {
  const { take, deliver, reconcile, database, sourceId } = bench();
  await change();
  const [first] = await take(2);
  const { exceptions, drain } = bench();
  bench()
    .simulator.simulator()
    .admin.faults.place({
      id: 'refused',
      match: { route: 'inlet.*', bodyIncludes: first ?? '' },
      fault: { kind: 'status', status: 400 },
    });
  await drain({ delivery: WAITS }).report;
  expect(await exceptions()).toMatchObject([{ event_id: first, state: 'held' }]);
  await reconcile();
  expect((await readCanaries(database, sourceId)).get('feedback')).toBeUndefined();
  await deliver();
  await reconcile();
  expect(await isProven()).toBe(true);
});
