import { describe, expect, it } from 'vitest';
import { createFailedBatches } from '../../../src/activities/reconcile/failedBatches.js';
import { newEventId } from '../../simulator/dataplane/harness.js';

const MINUTE_MS = 60_000;

/** Catalog and Data Access with these failed batches. */
function adobeWith(
  batches: readonly { readonly id: string; readonly createdMs: number; readonly eventIds: string[] }[],
) {
  const reads: string[] = [];
  const clients = {
    catalog: {
      listBatches: ({ createdAfterMs = 0, status }: { createdAfterMs?: number; status?: string }) =>
        Promise.resolve(status === 'failed' ? batches.filter(({ createdMs }) => createdMs > createdAfterMs) : []),
    },
    dataAccess: {
      listFailedFiles: () => Promise.resolve(['file']),
      readFailedRecords: (batchId: string) => {
        reads.push(batchId);
        const ids = batches.find(({ id }) => id === batchId)?.eventIds ?? [];
        return Promise.resolve({ records: ids.map((_id) => ({ _id })), unreadableLines: 0 });
      },
    },
  } as unknown as Parameters<ReturnType<typeof createFailedBatches>['read']>[0];
  return { clients, reads };
}

describe('failed batches', () => {
  const attemptAt = new Date();
  const looked = { datasetId: 'dataset', since: attemptAt, openForMs: 60 * MINUTE_MS };

  it('are read also where they were opened long before the event was sent', async () => {
    const eventId = newEventId();
    const old = newEventId();
    const { clients } = adobeWith([
      { id: 'open', createdMs: attemptAt.getTime() - 20 * MINUTE_MS, eventIds: [eventId] },
      { id: 'old', createdMs: attemptAt.getTime() - 90 * MINUTE_MS, eventIds: [old] },
    ]);
    const { found } = await createFailedBatches().read(clients, looked, new Set([eventId, old]));
    expect([...found.keys()]).toEqual([eventId]);
  });

  it('are read once, however many pages of events are looked for in them', async () => {
    const eventIds = Array.from({ length: 5 }, newEventId);
    const { clients, reads } = adobeWith([
      { id: 'one', createdMs: attemptAt.getTime(), eventIds: eventIds.slice(0, 2) },
      { id: 'two', createdMs: attemptAt.getTime(), eventIds: eventIds.slice(2) },
    ]);
    const failed = createFailedBatches();
    for (const id of eventIds)
      expect([...(await failed.read(clients, looked, new Set([id]))).found.keys()]).toEqual([id]);
    expect(reads).toEqual(['one', 'two']);
  });

  it('are remembered within bounds', async () => {
    const batches = Array.from({ length: 3 }, (_, n) => ({
      id: `batch-${n}`,
      createdMs: attemptAt.getTime(),
      eventIds: [newEventId(), newEventId()],
    }));
    const { clients, reads } = adobeWith(batches);
    const failed = createFailedBatches(4);
    const sought = new Set(batches.flatMap(({ eventIds }) => eventIds));
    expect((await failed.read(clients, looked, sought)).found.size).toBe(6);
    expect((await failed.read(clients, looked, sought)).found.size).toBe(6);
    expect(reads.length).toBeGreaterThan(3);
  });
});
