import { expect, it } from 'vitest';
import { createNearMisses } from '../../../src/receiver/http/nearMisses.js';
import { createRefusedConnections } from '../../../src/receiver/http/refusedConnections.js';

const route = (sourceId: number) => ({
  sourceId,
  partitions: 1,
  widget: 'w',
  kind: 'feedback' as const,
  secretSha256: '',
});

function watched() {
  const told: unknown[] = [];
  const clock = { nowMs: 0 };
  return { told, clock, log: { warn: (fields: unknown) => void told.push(fields) }, now: () => clock.nowMs };
}

it('near misses are counted once for each source, and told of once a minute for each', () => {
  const { told, clock, log, now } = watched();
  const misses = createNearMisses(log, now);
  // Two routes of a source while its secret is being rotated.
  misses.note([route(1), route(1), route(2)]);
  clock.nowMs = 59_999;
  misses.note([route(1)]);
  expect(told).toMatchObject([
    { sourceId: 1, count: 1 },
    { sourceId: 2, count: 1 },
  ]);
  clock.nowMs = 60_000;
  misses.note([route(1)]);
  misses.note([]);
  expect(told.slice(2)).toMatchObject([{ sourceId: 1, count: 3 }]);
  expect(misses.counts()).toEqual([
    { sourceId: 1, widget: 'w', kind: 'feedback', count: 3, lastAtMs: 60_000 },
    { sourceId: 2, widget: 'w', kind: 'feedback', count: 1, lastAtMs: 0 },
  ]);
});

it('refused connections are all counted, and told of once a minute', () => {
  const { told, clock, log, now } = watched();
  const refused = createRefusedConnections(10, log, now);
  expect(refused.lastAtMs()).toBeUndefined();
  refused.note();
  refused.note();
  clock.nowMs = 60_000;
  refused.note();
  expect(told).toEqual([
    { maxConnections: 10, count: 1 },
    { maxConnections: 10, count: 3 },
  ]);
  expect([refused.count(), refused.lastAtMs()]).toEqual([3, 60_000]);
});
