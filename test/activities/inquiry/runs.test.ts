import { describe, expect, it } from 'vitest';
import { intakeReport } from '../../../src/activities/inquiry/intake.js';
import { readFailedRecords } from '../../../src/activities/inquiry/runs/failedRecords.js';
import { runDetails } from '../../../src/activities/inquiry/runs/runDetails.js';
import { runsReport } from '../../../src/activities/inquiry/runs/runs.js';
import type { FlowRun } from '../../../src/adobe/services/flowService.js';
import { MAX_FAILED_RECORDS } from '../../../src/domain/delivery/failedRecords.js';
import { readFigures, readSourceFacts } from '../../../src/store/views/figures.js';
import { createAsker } from '../../../src/temporal/sealedAnswer.js';
import { LONG_MS, withReconcileBench } from '../reconcile/bench.js';

const bench = withReconcileBench();

it('shows what Adobe has counted of every flow that the source has led to, and which events failed', async () => {
  const { database, adobe, keyRing, uid, sourceId, take, deliver, age, reconcile, replaceFlow, source } = bench();
  const name = `source-${uid}`;
  const ask = { v: 1, ask: 'runs', name, limit: 10 } as const;
  await take(2);
  const [refused = ''] = await take(1, 'asyncInvalid');
  await deliver();
  await reconcile();
  await age(LONG_MS);
  await reconcile();
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

  const id = report.runs.find(({ failedRecords }) => failedRecords === 1)?.id ?? '';
  const deps = { database, adobe, keyRing };
  const asker = createAsker(keyRing.accessKey);
  const { sealedWords = '', ...details } = await runDetails(deps, { v: 1, ask: 'run', name, id, sealTo: asker.sealTo });
  const held = await database.pool.query<{ id: number }>('select id from exception where source_id = $1', [sourceId]);
  expect(details).toMatchObject({
    run: { id },
    records: [
      {
        eventId: refused,
        isOurs: true,
        kind: 'feedback',
        exception: { id: held.rows[0]?.id, reason: 'invalid', state: 'held' },
      },
    ],
    more: 0,
  });
  expect(JSON.stringify(details)).not.toContain('placed');
  expect(JSON.parse(asker.open(sealedWords))).toEqual([expect.stringContaining('placed')]);

  const others = { v: 1, ask: 'run', name, id: 'none' } as const;
  await expect(runDetails(deps, others)).rejects.toMatchObject({ error: { code: 'CAEP_RUN_UNKNOWN' } });
});

it('is looked at beside other work, for `status` and metrics, and not more often than it is said', async () => {
  const { database, adobe, uid, sourceId, source, take, deliver, reconcile, simulator } = bench();
  const { sandbox = '' } = await readSourceFacts(database, sourceId);
  const intake = async () => (await intakeReport(database, { v: 1, ask: 'intake', name: `source-${uid}` })).flowRuns;
  const measured = async () =>
    (await readFigures(database)).sources.find((one) => one.source === `source-${uid}`)?.flowRunFailedRecords;
  expect([await intake(), await measured()]).toEqual([undefined, undefined]);
  await take(1, 'asyncInvalid');
  await deliver();

  // Not allowed: nothing fails, and nothing is said.
  const refused = { id: 'no runs', match: { route: 'flowservice.runs.list' }, times: 0 };
  simulator.simulator().admin.faults.place({ ...refused, fault: { kind: 'status', status: 403 } });
  expect((await reconcile()).lake.state).not.toBe('refused');
  expect(await intake()).toBeUndefined();
  simulator.simulator().admin.faults.remove('no runs');

  await reconcile();
  const [newest] = await adobe.forSandbox(sandbox).flowService.listRuns([source.flowId], { limit: 1 });
  expect(await intake()).toMatchObject({ failedRecords: newest?.failedRecords, lastRunId: newest?.id });
  expect(await measured()).toBe(newest?.failedRecords);
  expect(newest?.failedRecords).toBeGreaterThan(0);

  const { lookedAt } = (await intake()) ?? {};
  await reconcile({ lakeLatencyMs: 3_600_000 });
  expect((await intake())?.lookedAt).toBe(lookedAt);
  await database.pool.query(
    `update flow_run_look set looked_at = looked_at - interval '25 hours' where source_id = $1`,
    [sourceId],
  );
  expect([(await intake())?.failedRecords, await measured()]).toEqual([0, 0]);
});

describe('failed records', () => {
  const HOUR_MS = 3_600_000;
  const RUN: FlowRun = {
    id: 'r',
    flowId: 'f',
    startedAt: 10 * HOUR_MS,
    completedAt: 11 * HOUR_MS,
    batchIds: [],
    errors: [],
  };

  /** Catalog with batches created at these hours, and Data Access with so many records in each. */
  function adobeWith(batches: Readonly<Record<string, number>>, recordsIn: number) {
    const read: string[] = [];
    const clients = {
      flowService: {
        getFlow: () => Promise.resolve({ id: 'f', targetConnectionIds: ['t'] }),
        getTargetConnection: () => Promise.resolve({ id: 't', dataSetId: 'd' }),
      },
      catalog: {
        getDataset: () => Promise.resolve({ id: 'd' }),
        listBatches: ({ createdAfterMs = 0, status = '' }) =>
          Promise.resolve(
            Object.entries(status === 'failed' ? batches : {})
              .map(([id, hour]) => ({ id, status, createdAt: hour * HOUR_MS }))
              .filter(({ createdAt }) => createdAt > createdAfterMs),
          ),
      },
      dataAccess: {
        listFailedFiles: (batchId: string) => Promise.resolve(batchId === 'success' ? undefined : ['part']),
        readFailedRecords: (batchId: string) => {
          read.push(batchId);
          const records = Array.from({ length: recordsIn }, (_each, n) => ({ n }));
          return Promise.resolve({ records, unreadableLines: batchId === 'torn' ? 1 : 0 });
        },
      },
    } as unknown as Parameters<typeof readFailedRecords>[0];
    return { clients, read };
  }

  it('are those of the batches that the run names', async () => {
    const { clients, read } = adobeWith({}, 2);
    const found = await readFailedRecords(clients, { ...RUN, batchIds: ['success', 'torn', 'b'] });
    expect(read).toEqual(['torn', 'b']);
    expect(found).toMatchObject({ byTime: false, left: 0, unreadable: ['torn'] });
    expect(found.records.map(({ batchId }) => batchId)).toEqual(['torn', 'torn', 'b', 'b']);
  });

  it('are those of the batches that failed in its time, where it names none', async () => {
    const { clients, read } = adobeWith({ before: 9.5, during: 10.5, late: 11.9, after: 13 }, 1);
    const found = await readFailedRecords(clients, RUN);
    expect(read.toSorted()).toEqual(['during', 'late']);
    expect(found.byTime).toBe(true);
  });

  it('are read no further than they are shown, and what was seen of others is counted', async () => {
    const { clients, read } = adobeWith({}, MAX_FAILED_RECORDS + 7);
    const found = await readFailedRecords(clients, { ...RUN, batchIds: ['a', 'b'] });
    expect(read).toEqual(['a']);
    expect([found.records.length, found.left]).toEqual([MAX_FAILED_RECORDS, 7]);
  });
});
