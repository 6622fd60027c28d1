/** Builds on a real Temporal server, in a namespace of its own; a stand-in plays the workers' workflows. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readConfiguration } from '../../../src/configuration.js';
import { TASK_QUEUES } from '../../../src/domain/source/source.js';
import { createClient } from '../../../src/temporal/connection.js';
import { versioning } from '../../../src/temporal/deploys/versioning.js';
import { ensureSearchAttributes } from '../../../src/temporal/searchAttributes.js';
import type { Sources } from '../../../src/temporal/sources/port.js';
import { createTemporalSources } from '../../../src/temporal/sources/temporalSources.js';
import { bundleWorkflows } from '../../../src/temporal/workflowBundle.js';
import { MANIFEST, UID } from '../../cli/fakes.js';
import { withTemporal } from '../../support/temporal.js';

const temporal = withTemporal();
const namespace = `deploys-${randomUUID()}`;
const DEPLOYMENT = 'chatlio-aep';
const PATIENCE = { timeout: 240_000, interval: 200 };
let sources: Sources;
let client: Client;
let code: string;

// Failing workflow tasks are part of the test.
Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });

beforeAll(async () => {
  const connection = await Connection.connect({ address: temporal().address });
  const workflowExecutionRetentionPeriod = msToTs('1 day');
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  client = createClient(connection, namespace);
  await vi.waitFor(() => ensureSearchAttributes(connection, namespace), { timeout: 30_000 });
  sources = createTemporalSources({ client, namespace, address: temporal().address });
  const workflowsPath = fileURLToPath(new URL('./versionedWorkflows.ts', import.meta.url));
  ({ code } = await bundleWorkflows({ workflowsPath, logger: new DefaultLogger('ERROR') }));
});

afterAll(() => client.connection.close());

const running = new Set<() => Promise<void>>();
afterEach(async () => void (await Promise.all([...running].map((end) => end()))));

/** Both task queues, as the product's worker polls them. @returns ends it */
async function startWorker(build?: string, workflows = code): Promise<() => Promise<void>> {
  const { temporal: settings } = readConfiguration(build === undefined ? {} : { TEMPORAL_WORKER_BUILD_ID: build });
  const options: WorkerOptions = {
    connection: temporal().nativeConnection,
    namespace,
    taskQueue: '',
    workflowBundle: { code: workflows },
    activities: { unused: () => Promise.resolve() },
    identity: `worker of ${build}`,
    stickyQueueScheduleToStartTimeout: '1 second',
    ...versioning(settings),
  };
  const workers = await Promise.all(
    Object.values(TASK_QUEUES).map((taskQueue) => Worker.create({ ...options, taskQueue })),
  );
  const runs = workers.map((worker) => worker.run());
  const end = async (): Promise<void> => {
    running.delete(end);
    for (const worker of workers) worker.shutdown();
    await Promise.all(runs);
  };
  running.add(end);
  return end;
}

const buildsOf = async () =>
  Object.fromEntries((await sources.deploys(DEPLOYMENT)).builds.map(({ build = 'none', ...rest }) => [build, rest]));
/** On a busy machine a worker may take its time. */
const resume = () => vi.waitFor(() => sources.resume('long-lived', {}), PATIENCE);
const promote = (build: string | undefined, percentage?: number) =>
  vi.waitFor(
    () => sources.promote({ deployment: DEPLOYMENT, build, ...(percentage === undefined ? {} : { percentage }) }),
    PATIENCE,
  );
const start = (name: string) => sources.start({ v: 1, uid: UID, manifest: { ...MANIFEST, name } });

describe('builds', () => {
  it('that get no tasks are told apart from no worker, with the command, to whoever waits for an answer', async () => {
    expect(await sources.deploys(DEPLOYMENT)).toMatchObject({ isKnown: false, current: undefined, elsewhere: [] });
    await start('waiting');
    await startWorker('first');
    const fault = {
      code: 'CAEP_BUILD_WITHOUT_TASKS',
      fields: {
        taskQueue: TASK_QUEUES.source,
        target: 'workers without a build id',
        polling: 'the build first of chatlio-aep',
        build: 'first',
      },
    };
    await expect.poll(() => sources.faultOfPolling(TASK_QUEUES.source), PATIENCE).toMatchObject(fault);
    expect(await sources.polledTaskQueues()).toEqual([]);
    await Promise.all([
      expect(sources.state('waiting')).rejects.toMatchObject({ error: fault }),
      expect(sources.resume('waiting', {})).rejects.toMatchObject({ error: fault }),
      expect(sources.ask({ v: 1, ask: 'doctor' })).rejects.toMatchObject({ error: fault }),
    ]);
    await promote('first');
    await vi.waitFor(() => sources.state('waiting'), PATIENCE);
    await client.workflow.getHandle('source:waiting').terminate();
  }, 900_000);

  it('take over, are tried on a part, do not fit, and are left again, while a source goes on', async () => {
    const endUnversioned = await startWorker();
    await promote(undefined);
    await start('long-lived');
    await vi.waitFor(() => sources.state('long-lived'), PATIENCE);

    // A build beside workers without one gets nothing until it is promoted.
    const endA = await startWorker('a');
    await vi.waitFor(
      async () => expect(await buildsOf()).toMatchObject({ a: { status: 'inactive', unpolled: [] } }),
      PATIENCE,
    );
    await promote('a');
    await endUnversioned();
    await resume();
    await expect
      .poll(buildsOf, PATIENCE)
      .toMatchObject({ a: { status: 'current', workers: 1, workflows: 1, unpolled: [] } });
    expect((await sources.deploys(DEPLOYMENT)).elsewhere).toEqual([]);

    // The next one takes over; the source says so only once it has had a task.
    const endB = await startWorker('b');
    await promote('b');
    expect((await sources.deploys(DEPLOYMENT)).elsewhere).toEqual([{ workflowId: 'source:long-lived', build: 'a' }]);
    await endA();
    await resume();
    await expect.poll(async () => (await sources.deploys(DEPLOYMENT)).elsewhere, PATIENCE).toEqual([]);

    // One that does not fit is named, with the build that does.
    const broken = code.replace("'as released'", "'in another order'");
    expect(broken).not.toBe(code);
    const endC = await startWorker('c', broken);
    await promote('c');
    await client.workflow.getHandle('source:long-lived').signal('anything');
    const stuck = {
      code: 'CAEP_WORKFLOW_NONDETERMINISTIC',
      fields: expect.objectContaining({
        workflow: 'source:long-lived',
        code: 'the build c',
        lastBuild: 'b',
      }) as unknown,
    };
    await expect.poll(async () => (await sources.stuckWorkflows()).stuck, PATIENCE).toEqual([stuck]);
    await expect(sources.state('long-lived')).rejects.toMatchObject({ error: stuck });

    // Back: it goes on where it was.
    await promote('b');
    await resume();

    // A part of the workflows tries another build; it comes back with the next promotion.
    await promote('c', 10);
    expect(await sources.deploys(DEPLOYMENT)).toMatchObject({ current: 'b', ramping: { build: 'c', percentage: 10 } });
    await promote('b');
    expect((await sources.deploys(DEPLOYMENT)).ramping).toBeUndefined();

    // Away from builds altogether.
    await startWorker();
    await promote(undefined);
    await Promise.all([endB(), endC()]);
    await resume();
  }, 900_000);

  it('are not promoted where there is none, or none of its workers', async () => {
    await expect(sources.promote({ deployment: DEPLOYMENT, build: 'nobody' })).rejects.toMatchObject({
      error: { code: 'CAEP_BUILD_UNKNOWN' },
    });
    await expect(sources.promote({ deployment: 'other', build: 'a' })).rejects.toMatchObject({
      error: { code: 'CAEP_BUILD_UNKNOWN', fields: { deployment: 'other', build: 'a' } },
    });
  }, 120_000);
});
