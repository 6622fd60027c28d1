/** The commands against a real Temporal server, the real workflows and activities, and a real database. */
import { randomUUID } from 'node:crypto';
import { type Client, Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createDecideHeld } from '../../../src/activities/held/decide.js';
import { createInquiryActivities, type InquiryDeps } from '../../../src/activities/inquiry/inquiry.js';
import { audit } from '../../../src/cli/commands/events/audit.js';
import { doctorRestored } from '../../../src/cli/commands/installation/doctorRestored.js';
import { tailEvents } from '../../../src/cli/commands/events/events.js';
import { listHeld, showHeld } from '../../../src/cli/commands/events/held.js';
import { decideHeld } from '../../../src/cli/commands/events/heldDecide.js';
import type { Command } from '../../../src/cli/ports.js';
import { createTemporalSources } from '../../../src/temporal/sources/temporalSources.js';
import { codedError } from '../../../src/domain/errors.js';
import {
  FORWARDER_MESSAGES,
  type ForwarderActivities,
  type ForwarderInput,
} from '../../../src/domain/delivery/forwarder.js';
import { forwarderWorkflowId, TASK_QUEUES, WORKFLOW_TYPES } from '../../../src/domain/source/source.js';
import { retireSource } from '../../../src/store/sources/sources.js';
import { ensureSearchAttributes } from '../../../src/temporal/searchAttributes.js';
import { createClient } from '../../../src/temporal/connection.js';
import { ACCESS_KEY, fakeWorld } from '../../cli/fakes.js';
import { DELIVERY } from '../../support/delivery.js';
import { withTemporal } from '../../support/temporal.js';
import { bundleWorkflows } from '../../support/workflowBundle.js';
import { withHeldSource } from './source.js';

vi.setConfig({ testTimeout: 120_000 });

const temporal = withTemporal();
const source = withHeldSource();
const namespace = `held-${randomUUID()}`;
let client: Client;
let workflowBundle: Awaited<ReturnType<typeof bundleWorkflows>>;

Runtime.install({ logger: new DefaultLogger('ERROR') });

beforeAll(async () => {
  const connection = await Connection.connect({ address: temporal().address });
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs('1 day') });
  client = createClient(connection, namespace);
  await vi.waitFor(() => ensureSearchAttributes(connection, namespace), { timeout: 30_000 });
  workflowBundle = await bundleWorkflows();
});
afterAll(() => client.connection.close());

/** No Adobe: the lake is not read, and nothing else is asked of it. */
const NO_ADOBE = {
  forSandbox: () => {
    throw codedError('CAEP_LAKE_REFUSED', { reason: 'no permission' });
  },
} as unknown as InquiryDeps['adobe'];

/** Runs `test` beside workers of both queues and the source's forwarder, which has nothing to send. */
async function withWorkers(test: () => Promise<void>): Promise<void> {
  const { database, keyRing, uid, name } = source();
  const never = () => Promise.reject(new Error('not asked here'));
  const forwarderActivities: Partial<ForwarderActivities> = {
    decideHeld: createDecideHeld({ database, keyRing }),
    surveyPartitions: () =>
      Promise.resolve({ partitions: [], counters: { taken: 0, accepted: 0, waiting: 0, exceptions: {} } }),
  };
  const inquiries = createInquiryActivities({
    adobe: NO_ADOBE,
    database,
    keyRing,
    store: {} as InquiryDeps['store'],
    receiverUrl: () => Promise.resolve('http://receiver'),
    minimumSettleWindowMs: 0,
    processKeys: () => Promise.resolve([]),
    databaseVersion: never,
    durability: never,
    disks: { home: '/', dataFolder: () => Promise.resolve(undefined) },
    clockSkewMs: never,
  });
  const common = { connection: temporal().nativeConnection, namespace, workflowBundle };
  const workers = await Promise.all([
    Worker.create({ ...common, taskQueue: TASK_QUEUES.forwarder, activities: forwarderActivities }),
    Worker.create({ ...common, taskQueue: TASK_QUEUES.source, activities: inquiries }),
  ]);
  const input: ForwarderInput = { v: 1, uid, name, delivery: DELIVERY };
  const forwarder = await client.workflow.start(WORKFLOW_TYPES.forwarder, {
    workflowId: forwarderWorkflowId(name),
    taskQueue: TASK_QUEUES.forwarder,
    args: [input],
  });
  const [first, second] = workers;
  await first?.runUntil(
    second?.runUntil(async () => {
      const sources = createTemporalSources({ client, namespace, address: temporal().address });
      await vi.waitUntil(async () => (await sources.polledTaskQueues()).length === 2, { timeout: 30_000 });
      await test();
      await forwarder.terminate().catch(() => undefined);
    }) ?? Promise.resolve(),
  );
}

/** Runs a command as the command line does. */
async function run<Arguments>(command: Command<Arguments>, args: Arguments, accessKey = source().keyRing.accessKey) {
  const sources = createTemporalSources({ client, namespace, address: temporal().address });
  const world = fakeWorld(sources, { accessKey });
  const exitCode = await command(world.context, args);
  return { exitCode, shown: world.stdout() };
}

describe('the commands about events', () => {
  it('list, show, reveal and decide; the Temporal UI decides likewise; nothing of a chat stands in a history', async () => {
    const { hold, name, rows } = source();
    const [first = 0, second = 0] = await hold(3, 'unknown');
    await withWorkers(async () => {
      const list = await run(listHeld, { name, filter: { reason: 'unknown' }, state: 'held' });
      expect(list.shown).toContain(`${first}  `);
      expect(list.shown).toContain('3 events.');
      const show = await run(showHeld, { name, id: first, reveal: true });
      expect(show.shown).toContain('{"message":"of a visitor"}');
      // Who can ask in Temporal and has no access key gets an answer that he cannot open.
      await expect(run(showHeld, { name, id: first, reveal: true }, ACCESS_KEY)).rejects.toThrow(
        'CAEP_ANSWER_NOT_AUTHENTIC',
      );

      const input = { decision: 'mark-delivered', by: 'ana', why: 'seen there' } as const;
      expect((await run(decideHeld, { name, input: { ...input, ids: [first] } })).shown).toContain('1 event');
      await expect(run(decideHeld, { name, input: { ...input, ids: [first] } })).rejects.toThrow('CAEP_EVENT_DECIDED');

      const forwarder = client.workflow.getHandle(forwarderWorkflowId(name));
      const typed = { decision: 'abandon', ids: [second], by: 'ben', why: 'a test' };
      const byHand = await forwarder.executeUpdate(FORWARDER_MESSAGES.decide, { args: [typed] });
      expect(byHand).toMatchObject({ decided: 1, ids: [second] });
      await expect(forwarder.executeUpdate(FORWARDER_MESSAGES.decide, { args: [{ ids: [1] }] })).rejects.toMatchObject({
        cause: { message: expect.stringContaining('decision must be one of') as string },
      });
      const left = await run(decideHeld, {
        name,
        input: { ...input, reason: 'unknown', decision: 'resend', dryRun: true },
      });
      expect(left.shown).toContain('1 event');

      for await (const { workflowId, runId } of client.workflow.list()) {
        const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
        const payloads = JSON.stringify(history, (key, value: unknown) =>
          key === 'data' ? Buffer.from(value as Uint8Array).toString() : value,
        );
        expect(payloads).not.toContain('of a visitor');
      }
    });
    expect(await rows('select decision, decided_by from decision where source_id = $1 order by id')).toEqual([
      { decision: 'mark-delivered', decided_by: 'ana' },
      { decision: 'abandon', decided_by: 'ben' },
    ]);
  });

  it('reach what is left of a source that was torn down; what would have to be sent is refused', async () => {
    const { hold, holdRaw, name, uid, database, rows } = source();
    const [held = 0] = await hold(2, 'refused');
    await holdRaw('{', 'feedback');
    const decided = { by: 'ana', why: 'torn down' } as const;
    await withWorkers(async () => {
      await client.workflow.getHandle(forwarderWorkflowId(name)).cancel();
      await retireSource(database, uid);
      await vi.waitUntil(
        async () => (await client.workflow.getHandle(forwarderWorkflowId(name)).describe()).status.name === 'CANCELLED',
        { timeout: 30_000 },
      );
      const listed = (await run(listHeld, { name, filter: {}, state: 'held' })).shown;
      expect(listed).toContain('3 events.');
      const one = (await run(showHeld, { name, id: held, reveal: true })).shown;
      expect(one).toContain('of a visitor');
      // What is offered is possible now, and what is not is said.
      expect(listed).toMatch(/refused +the inlet refused this event +abandon\n/);
      expect(one).toContain(`held abandon ${name} ${held}`);
      for (const text of [listed, one]) {
        expect(text).not.toMatch(/held resend|resend,|reparse/);
        expect(text).toContain('can be sent again once');
      }
      const tail = await run(tailEvents, { name, limit: 1, reveal: true });
      expect(tail.shown).toMatch(/held +unreadable +number \d+\n {4}\{\n$/);
      const more = await run(tailEvents, { name, limit: 10, reveal: true });
      expect(more.shown).toMatch(/held +refused +number \d+\n {4}\{"message":"of a visitor"\}\n/);
      expect((await run(tailEvents, { name, limit: 10 })).shown).not.toContain('of a visitor');
      expect((await run(audit, { name })).shown).toMatch(/undecided +3\b/);

      for (const decision of ['resend', 'reparse'] as const) {
        await expect(run(decideHeld, { name, input: { ...decided, decision, ids: [held] } })).rejects.toThrow(
          'CAEP_SOURCE_TORN_DOWN',
        );
      }
      const abandoned = await run(decideHeld, { name, input: { ...decided, decision: 'abandon', reason: 'refused' } });
      expect(abandoned.shown).toContain('2 events');
    });
    expect(await rows('select decision from decision where source_id = $1')).toEqual([
      { decision: 'abandon' },
      { decision: 'abandon' },
    ]);
  });

  it('tail the log, audit without a lake, and set a restored database right', async () => {
    const { hold, name, database, sourceId } = source();
    await hold(2, 'refused');
    await withWorkers(async () => {
      const tail = await run(tailEvents, { name, limit: 10 });
      expect(tail.shown.trim().split('\n')).toHaveLength(2);
      expect(tail.shown).toMatch(/held +refused/);

      const proof = await run(audit, { name });
      expect(proof).toMatchObject({ exitCode: 5, shown: expect.stringMatching(/undecided +2\b/) as string });
      expect(proof.shown).toContain('the lake was not read, so nothing is confirmed');

      const since = new Date().toISOString();
      expect((await run(doctorRestored, { since, by: 'ana' })).exitCode).toBe(2);
      expect((await run(doctorRestored, { since, by: 'ana', confirm: true })).exitCode).toBe(0);
    });
    const { rows } = await database.pool.query('select open, reason from gate where source_id = $1', [sourceId]);
    expect(rows).toEqual([{ open: false, reason: expect.stringContaining('reported by ana') as string }]);
  });
});
