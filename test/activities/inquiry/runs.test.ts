import { expect, it } from 'vitest';
import { runsReport } from '../../../src/activities/inquiry/runs/runs.js';
import { withReconcileBench } from '../reconcile/bench.js';

const bench = withReconcileBench();

it('shows what Adobe has counted of every flow that the source has led to, the newest first', async () => {
  const { database, adobe, uid, take, deliver, replaceFlow, source } = bench();
  const name = `source-${uid}`;
  const ask = { v: 1, ask: 'runs', name, limit: 10 } as const;
  await take(2);
  await take(1, 'asyncInvalid');
  await deliver();
  const other = await replaceFlow();
  await take(1);
  await deliver();

  const report = await runsReport({ database, adobe }, ask);
  expect(report.flowIds).toEqual([other.flowId, source.flowId]);
  expect(report.older).toBeUndefined();
  const figures = report.runs.map(({ inputRecords, writtenRecords, failedRecords, codes }) => [
    inputRecords,
    writtenRecords,
    failedRecords,
    codes,
  ]);
  expect(figures).toHaveLength(2);
  expect(figures).toEqual(
    expect.arrayContaining([
      [1, 1, 0, []],
      [3, 2, 1, ['INGEST-1212-400']],
    ]),
  );
  expect(await runsReport({ database, adobe }, { ...ask, limit: 1 })).toMatchObject({ runs: [{}], older: true });
});
