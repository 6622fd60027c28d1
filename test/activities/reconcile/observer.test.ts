import { describe, expect, it } from 'vitest';
import { createFailedBatches } from '../../../src/activities/reconcile/failedBatches.js';
import { createObserver } from '../../../src/activities/reconcile/observer.js';
import { newEventId } from '../../simulator/dataplane/harness.js';
import { withReconcileBench } from './bench.js';

const bench = withReconcileBench();

/** No failed batches. */
const clients = {
  catalog: { listBatches: () => Promise.resolve([]) },
  dataAccess: {},
} as unknown as Parameters<typeof createObserver>[0]['clients'];

describe('an event that lands between two looks at the lake, together with a later one', () => {
  it('is seen, and not taken for absent because the later one is there', async () => {
    const { database, sourceId, take, deliver, source } = bench();
    const { flowId, datasetId } = source;
    const attemptAt = new Date(Date.now() - 1_000);
    await take(1);
    await deliver();
    let looks = 0;
    const session = {
      query: (statement: string) => {
        looks += 1;
        const ids = statement.match(/\b[0-9a-f]{64}\b/g) ?? [];
        return Promise.resolve(looks === 1 ? [] : ids.map((id) => ({ _id: id, copies: 1 })));
      },
    };
    const observer = createObserver({
      database,
      sourceId,
      flowId,
      clients,
      session,
      place: { datasetId: 'dataset', table: 'chats' },
      failedBatches: createFailedBatches(),
      lakeLatencyMs: 0,
    });
    const sightings = await observer.observe([
      { eventId: newEventId(), occurredAt: attemptAt, attemptAt, flowId, datasetId },
    ]);
    expect(sightings).toMatchObject([{ copies: 1, laterVisible: true }]);
  });
});
