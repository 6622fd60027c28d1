import { expect, it, vi } from 'vitest';
import { LONG_MS, withReconcileBench } from './bench.js';

const bench = withReconcileBench();
vi.setConfig({ testTimeout: 60_000 });

it('a new source whose every record Adobe refuses is noticed, though its dataset has no table yet', async () => {
  const { take, deliver, reconcile, age, exceptions, counters } = bench();
  const refused = await take(3, 'asyncInvalid');
  const waiting = await take(1, 'loseAfterAccept');
  await deliver();
  await reconcile();
  await age(LONG_MS);
  const report = await reconcile();
  expect(report.lake).toMatchObject({ state: 'away', detail: expect.stringContaining('no table') as string });
  const found = new Map((await exceptions()).map(({ event_id: id, reason, state }) => [id, `${reason} ${state}`]));
  for (const id of refused) expect(found.get(id)).toBe('invalid held');
  // What is neither in a failed batch nor in a lake without a table is not known to be missing.
  expect(found.has(waiting[0] ?? '')).toBe(false);
  expect(await counters()).toMatchObject({ confirmed: 0, exceptions: { invalid: 3 } });
});
