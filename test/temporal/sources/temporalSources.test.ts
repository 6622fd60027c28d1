/** The port on a real Temporal server, in a namespace of its own; a stand-in plays the worker. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Client, Connection } from '@temporalio/client';
import { ApplicationFailure, defineSearchAttributeKey } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TASK_QUEUES } from '../../../src/domain/source/source.js';
import { ACCESS_KEY } from '../../cli/fakes.js';
import { createAsker, sealFor } from '../../../src/temporal/sealedAnswer.js';
import { ensureSearchAttributes } from '../../../src/temporal/searchAttributes.js';
import { createTemporalSources } from '../../../src/temporal/sources/temporalSources.js';
import type { AskTimes, Sources } from '../../../src/temporal/sources/port.js';
import { createClient } from '../../../src/temporal/connection.js';
import { withTemporal } from '../../support/temporal.js';
import { MANIFEST, UID } from '../../cli/fakes.js';

const temporal = withTemporal();
const namespace = `cli-${randomUUID()}`;
let sources: Sources;
let client: Client;

// Failing attempts are part of the test.
Runtime.install({ logger: new DefaultLogger('ERROR') });

beforeAll(async () => {
  const connection = await Connection.connect({ address: temporal().address });
  const workflowExecutionRetentionPeriod = msToTs('1 day');
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  client = createClient(connection, namespace);
  // A new namespace is known to the server's other parts after a moment.
  await vi.waitFor(() => ensureSearchAttributes(connection, namespace), { timeout: 30_000 });
  sources = createTemporalSources({ client, namespace, address: temporal().address, uiUrl: 'http://ui' });
});

afterAll(() => client.connection.close());

const UNAVAILABLE = { code: 'CAEP_ADOBE_UNAVAILABLE', fields: {}, adobe: { service: 'Catalog', httpStatus: 503 } };

const manifestOf = (name: string) => ({ ...MANIFEST, name });

/** Runs `test` beside a worker that serves the stand-in workflows. */
async function withWorker(test: () => Promise<void>): Promise<void> {
  const worker = await Worker.create({
    connection: temporal().nativeConnection,
    namespace,
    taskQueue: TASK_QUEUES.source,
    workflowsPath: fileURLToPath(new URL('./standInWorkflows.ts', import.meta.url)),
    activities: {
      dataset: () => Promise.reject(ApplicationFailure.create({ message: 'raw', details: [{ error: UNAVAILABLE }] })),
      urls: ({ sealTo }: { sealTo: string }) =>
        Promise.resolve({ v: 1, sealed: sealFor(ACCESS_KEY, sealTo, '{"webhooks":[]}') }),
    },
  });
  await worker.runUntil(test());
}

describe('without a worker', () => {
  it('starts a source, describes it with its uid and link, and tells a second start that it runs', async () => {
    const manifest = manifestOf('started');
    expect(await sources.describe('started')).toBeUndefined();
    expect(await sources.start({ v: 1, uid: UID, manifest })).toBe('started');
    expect(await sources.start({ v: 1, uid: randomUUID(), manifest })).toBe('already-runs');
    expect(await sources.describe('started')).toMatchObject({
      open: true,
      status: 'RUNNING',
      uid: UID,
      url: `http://ui/namespaces/${namespace}/workflows/source:started`,
      pending: [],
    });
  });

  it('keeps the uid readable after the workflow was terminated', async () => {
    await sources.start({ v: 1, uid: UID, manifest: manifestOf('terminated') });
    await client.workflow.getHandle('source:terminated').terminate();
    expect(await sources.describe('terminated')).toMatchObject({ open: false, status: 'TERMINATED', uid: UID });
  });

  it('leaves a question at once when nobody waits for the answer any more, and its connection closes', async () => {
    const own = await Connection.connect({ address: temporal().address });
    const leaving = createTemporalSources({
      client: createClient(own, namespace),
      namespace,
      address: temporal().address,
    });
    const awaitsResult = vi.spyOn(own.workflowService, 'getWorkflowExecutionHistory');
    const left = new AbortController();
    const question = { v: 1, ask: 'events', name: 'started', limit: 1, waitMs: 15_000 } as const;
    const answer = leaving.ask(question, left.signal).catch((error: unknown) => error);
    await vi.waitFor(() => expect(awaitsResult).toHaveBeenCalled(), { timeout: 10_000 });
    const begunMs = performance.now();
    left.abort();
    expect(await answer).toBeInstanceOf(Error);
    await own.close();
    expect(performance.now() - begunMs).toBeLessThan(3_000);
  });

  it('lists each source with the phase of its forwarder', async () => {
    const paused = [{ key: defineSearchAttributeKey('SourcePhase', 'KEYWORD'), value: 'paused' }];
    const forwarder = await client.workflow.start('forwarder', {
      workflowId: 'forwarder:started',
      taskQueue: 'nobody',
      typedSearchAttributes: paused,
    });
    await expect
      .poll(async () => (await sources.list()).find(({ name }) => name === 'started'), { timeout: 20_000 })
      .toMatchObject({ open: true, forwarding: { phase: 'paused' } });
    await forwarder.terminate();
  });

  it('says soon that nobody answers: to a query, an update and a question', async () => {
    await sources.start({ v: 1, uid: UID, manifest: manifestOf('alone') });
    expect(await sources.polledTaskQueues()).toEqual([]);
    const noWorker = { error: { code: 'CAEP_NO_WORKER', fields: { taskQueue: TASK_QUEUES.source } } };
    await Promise.all([
      expect(sources.state('alone')).rejects.toMatchObject(noWorker),
      expect(sources.resume('alone', {})).rejects.toMatchObject(noWorker),
      expect(sources.pause('alone', {})).rejects.toMatchObject(noWorker),
      expect(sources.ask({ v: 1, ask: 'doctor' })).rejects.toMatchObject(noWorker),
    ]);
    const { count } = await client.workflow.count('WorkflowType = "inquiry" and ExecutionStatus = "Completed"');
    expect(count).toBe(0);
  });

  it('says of a worker that takes a question and does nothing that there is none', async () => {
    const { workflowService } = client.connection;
    const take = () => workflowService.pollWorkflowTaskQueue({ namespace, taskQueue: { name: TASK_QUEUES.source } });
    const frozen = async (): Promise<void> => {
      const { workflowExecution } = await client.connection.withDeadline(Date.now() + 30_000, take);
      if (workflowExecution?.workflowId?.startsWith('inquiry:') !== true) await frozen();
    };
    const noWorker = { error: { code: 'CAEP_NO_WORKER' } };
    await Promise.all([frozen(), expect(sources.ask({ v: 1, ask: 'doctor' })).rejects.toMatchObject(noWorker)]);
  });

  it('knows no source that was never started', async () => {
    const unknown = { error: { code: 'CAEP_SOURCE_UNKNOWN', fields: { name: 'nobody' } } };
    await expect(sources.state('nobody')).rejects.toMatchObject(unknown);
    await expect(sources.abort('nobody', {})).rejects.toMatchObject(unknown);
    await expect(sources.unpause('nobody', {})).rejects.toMatchObject(unknown);
    expect(await sources.forwarderState('nobody')).toBeUndefined();
  });
});

describe('with a worker', () => {
  it('reads states, hands over decisions, passes on refusals in their own words, and shows failing attempts', async () => {
    await withWorker(async () => {
      await sources.start({ v: 1, uid: UID, manifest: manifestOf('held') });
      expect(await sources.state('held')).toMatchObject({ phase: 'held', manifest: { name: 'held' } });
      expect(await sources.polledTaskQueues()).toContain(TASK_QUEUES.source);
      await expect(sources.abort('held', {})).rejects.toMatchObject({
        error: { code: 'CAEP_NOT_HELD', fields: { name: 'held', phase: 'live' } },
      });
      await sources.resume('held', { adopt: true });
      expect(await sources.state('held')).toMatchObject({ phase: 'live' });
      await expect
        .poll(async () => (await sources.describe('held'))?.pending, { timeout: 10_000 })
        .toEqual([
          expect.objectContaining({
            name: 'dataset',
            lastFailure: 'Adobe cannot serve the request at the moment (Catalog: HTTP 503).',
          }),
        ]);
      await expect
        .poll(async () => (await sources.list()).map(({ name }) => name), { timeout: 20_000 })
        .toContain('held');
    });
  });

  it('tells of an activity that somebody has paused: who, why, and how to unpause it, also without a worker', async () => {
    const name = 'pausing';
    const execution = { workflowId: `source:${name}` };
    const dataset = async () => (await sources.describe(name))?.pending[0];
    await withWorker(async () => {
      await sources.start({ v: 1, uid: UID, manifest: manifestOf(name) });
      await sources.resume(name, { adopt: true });
      await expect.poll(dataset, { timeout: 10_000 }).toMatchObject({ name: 'dataset' });
    });
    expect(await sources.pausedActivities(name)).toEqual([]);
    const beforeMs = Date.now();
    await client.connection.workflowService.pauseActivity({
      namespace,
      execution,
      type: 'dataset',
      identity: 'ana',
      reason: 'maintenance of the catalog',
    });
    const [paused, ...others] = await sources.pausedActivities(name);
    expect([paused, others]).toEqual([
      {
        name: 'dataset',
        workflowId: 'source:pausing',
        activityId: '1',
        since: expect.any(Number) as number,
        by: 'ana',
        reason: 'maintenance of the catalog',
        unpause: `temporal activity unpause --namespace ${namespace} --workflow-id source:pausing --activity-id 1`,
      },
      [],
    ]);
    expect(Math.abs((paused?.since ?? 0) - beforeMs)).toBeLessThan(10_000);
    const listed = async () => (await sources.list()).find((run) => run.name === name)?.hasPausedActivity;
    await expect.poll(listed, { timeout: 20_000 }).toBe(true);

    await client.connection.workflowService.unpauseActivity({ namespace, execution, id: '1' });
    expect(await sources.pausedActivities(name)).toEqual([]);
    await expect.poll(listed, { timeout: 20_000 }).toBeUndefined();
  });

  it('says of a workflow whose task fails again and again that it stands still, and why', async () => {
    await withWorker(async () => {
      await sources.start({ v: 1, uid: UID, manifest: manifestOf('stuck-chat') });
      const stuck = {
        code: 'CAEP_WORKFLOW_STUCK',
        fields: { workflow: 'source:stuck-chat', reason: '[TMPRL1100] Nondeterminism error' },
      };
      await vi.waitFor(
        async () => {
          const { raw } = await client.workflow.getHandle('source:stuck-chat').describe();
          expect(raw.pendingWorkflowTask?.attempt).toBeGreaterThan(1);
        },
        { timeout: 20_000 },
      );
      await Promise.all([
        expect(sources.state('stuck-chat')).rejects.toMatchObject({ error: stuck }),
        expect(sources.resume('stuck-chat', {})).rejects.toMatchObject({ error: stuck }),
      ]);
      await expect.poll(async () => (await sources.stuckWorkflows()).stuck, { timeout: 20_000 }).toEqual([stuck]);
    });
  });

  it('says of a workflow that somebody has started with a data converter of his own that it cannot be read', async () => {
    const workflowId = 'source:encrypted-chat';
    await withWorker(async () => {
      await client.connection.workflowService.startWorkflowExecution({
        namespace,
        workflowId,
        workflowType: { name: 'source' },
        taskQueue: { name: TASK_QUEUES.source },
        input: { payloads: [{ metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('sealed') }] },
        requestId: randomUUID(),
      });
      await vi.waitFor(
        async () => {
          const { raw } = await client.workflow.getHandle(workflowId).describe();
          expect(raw.pendingWorkflowTask?.attempt).toBeGreaterThan(1);
        },
        { timeout: 20_000 },
      );
      const fields = { where: `the workflow ${workflowId}`, encoding: 'binary/encrypted' };
      await expect(sources.state('encrypted-chat')).rejects.toMatchObject({
        error: { code: 'CAEP_TEMPORAL_ENCODING_UNKNOWN', fields },
      });
    });
    await client.workflow.getHandle(workflowId).terminate();
  });

  it('asks a question and opens the sealed answer', async () => {
    await withWorker(async () => {
      const asker = createAsker(ACCESS_KEY);
      const { sealed } = await sources.ask({ v: 1, ask: 'urls', name: 'held', sealTo: asker.sealTo });
      expect(asker.open(sealed)).toBe('{"webhooks":[]}');
    });
  });

  it('tells when a question was sent, started by Temporal’s clock, and answered', async () => {
    await withWorker(async () => {
      const { sealTo } = createAsker(ACCESS_KEY);
      const all: AskTimes[] = [];
      await sources.ask({ v: 1, ask: 'urls', name: 'held', sealTo }, undefined, (times) => all.push(times));
      expect(all).toHaveLength(1);
      for (const { sentAtMs, startedAtMs, startSeenAtMs, answeredAtMs } of all) {
        const inOrder = [sentAtMs, startedAtMs, startSeenAtMs, answeredAtMs];
        expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
      }
    });
  });
});
