import { expect, it } from 'vitest';
import { createGrouping } from '../../src/receiver/grouping.js';
import { takenEvent } from '../support/store.js';

/** @returns how many events each group had, of bodies of these sizes that arrive at once */
async function groupsOf(sizes: readonly number[]): Promise<number[]> {
  const groups: number[] = [];
  const grouping = createGrouping({
    eventLog: {
      append(_sourceId, _partition, events) {
        groups.push(events.length);
        return Promise.resolve(events.map(() => 'logged' as const));
      },
      hold: () => Promise.reject(new Error('nothing is held here')),
    },
    onFlushFailed: () => undefined,
    maxGroupEvents: 3,
    maxGroupBytes: 1_000,
  });
  const events = sizes.map((size, n) => takenEvent(`event ${n}`, { sealed: Buffer.alloc(size) }));
  await Promise.all(events.map((event) => grouping.take({ sourceId: 1, partition: 0, outcome: 'event', event })));
  return groups;
}

it('what arrives together is committed together, up to so many events', async () => {
  expect(await groupsOf([1, 1, 1, 1, 1])).toEqual([3, 2]);
});

it('and up to so many bytes; a larger one is a group of its own', async () => {
  expect(await groupsOf([400, 400, 400, 5_000, 600, 600])).toEqual([2, 1, 1, 1, 1]);
});
