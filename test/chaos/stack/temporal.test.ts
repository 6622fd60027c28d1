import { expect, it } from 'vitest';
import { victimsOn } from '../../../chaos/stack/product/stack.js';
import { nameOf, readOn } from '../../../chaos/stack/temporal.js';

it.each([
  ['dev-server', 'dev-server', ['worker', 'temporal', 'postgres']],
  [
    'cluster',
    'cluster-1.32.2',
    ['worker', 'temporal-frontend', 'temporal-history', 'temporal-matching', 'temporal-worker', 'postgres'],
  ],
  ['127.0.0.1:7233', '127.0.0.1:7233', ['worker', 'postgres']],
])('a run on %s is repeated with --on %s, and kills %s', (given, name, victims) => {
  const on = readOn(given);
  expect(nameOf(on)).toBe(name);
  expect(readOn(name)).toEqual(on);
  expect(victimsOn(on)).toEqual(victims);
});

it('takes the oldest server as a cluster, and nothing else', () => {
  expect(readOn('cluster-1.29.1')).toEqual({ kind: 'cluster', server: '1.29.1' });
  for (const text of ['cluster-1.2.3', 'somewhere', '']) expect(() => readOn(text)).toThrow('--on must be');
});
