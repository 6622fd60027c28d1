/** Forwarder workflows with drains that answer by script, on a real Temporal server. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { Worker, type WorkerOptions, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, expect, vi } from 'vitest';
import type {
  DestinationCheck,
  DestinationLook,
  DestinationWatchInput,
  DrainEnd,
  DrainInput,
  DrainReport,
  ForwarderActivities,
  ForwarderInput,
  ForwarderState,
  LookUpsAhead,
  PartitionSurvey,
  ReconcileReport,
} from '../../../src/domain/delivery/forwarder.js';
import type { DecideResult } from '../../../src/domain/exceptions/heldEvents.js';
import { type TestTemporal, withTemporal } from '../../support/temporal.js';
import { bundleWorkflows } from '../../support/workflowBundle.js';
import { DELIVERY } from '../../support/delivery.js';

/** As a manifest could give them. */
export const OTHER_DELIVERY = { ...DELIVERY, partitions: 2, leaseMs: 1_000, maxRequestsPerSecond: 1_000 };

/** Drains that answer by script. */
export class FakeActivities implements ForwarderActivities {
  readonly drains: DrainInput[] = [];
  running = 0;
  checks = 0;
  script: (input: DrainInput, n: number) => DrainEnd | Promise<DrainEnd> = () => ({ kind: 'idle' });
  check: DestinationCheck = { well: true };
  /** Lets go of activities whose worker is dead, so that this one can end. */
  readonly over = new AbortController();

  /** As an activity whose worker is killed once it was asked to end: nothing more is heard of it. */
  readonly dies = async (): Promise<never> => {
    await untilCancelled();
    return this.hangs();
  };

  /** As a database that stands still, or counts for ever. */
  readonly hangs = async (): Promise<never> => {
    if (!this.over.signal.aborted) await once(this.over.signal, 'abort');
    throw new Error('the test is over');
  };

  readonly drain = async (input: DrainInput): Promise<DrainReport> => {
    this.drains.push(input);
    this.running += 1;
    try {
      const end = await this.script(input, this.drains.length);
      return { v: 1, partition: input.partition, accepted: 1, notAccepted: 0, end };
    } finally {
      this.running -= 1;
    }
  };

  readonly surveyPartitions = (): Promise<PartitionSurvey> => this.survey();

  survey = (): Promise<PartitionSurvey> =>
    Promise.resolve({
      partitions: [0, 1],
      counters: { taken: this.taken, accepted: this.accepted, waiting: 1, exceptions: { unknown: 1 } },
      lookUps: this.lookUps,
    });

  taken = 5;
  lookUps: LookUpsAhead | undefined;
  accepted = 4;

  watches = 0;
  watch = (_input: DestinationWatchInput): Promise<DestinationLook> => Promise.resolve({ v: 1, looked: true });
  readonly watchDestination = (input: DestinationWatchInput) => {
    this.watches += 1;
    return this.watch(input);
  };

  decide: () => Promise<DecideResult> = () => Promise.reject(new Error('this test does not decide'));
  readonly decideHeld = () => this.decide();

  looks = 0;
  readonly reconcile = (): Promise<ReconcileReport> => {
    this.looks += 1;
    return this.look();
  };

  look = (): Promise<ReconcileReport> =>
    Promise.resolve({ v: 1, lake: { state: 'readable' }, lookUps: { unplanned: false } });

  readonly checkDestination = () => {
    this.checks += 1;
    return Promise.resolve(this.check);
  };
}

/** As a drain that has more to send than a slice: ends when it is asked to. */
export function untilCancelled(): Promise<DrainEnd> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 50);
  return context.cancelled.catch(() => ({ kind: 'stopped' }) as const).finally(() => clearInterval(beat));
}

export interface RunningForwarder {
  readonly handle: WorkflowHandle;
  readonly state: () => Promise<ForwarderState>;
  /** Wakes one partition after the other, each once the workflow has taken the wake before, until that is true. */
  readonly wakesUntil: (isEnough: () => boolean) => Promise<void>;
  readonly reaches: (phase: ForwarderState['phase']) => Promise<ForwarderState>;
}

export interface Forwarders {
  readonly temporal: () => TestTemporal;
  /** Runs a worker with the fake activities and a forwarder on it for as long as `test` takes. */
  readonly withForwarder: (
    activities: FakeActivities,
    test: (running: RunningForwarder) => Promise<void>,
    input?: Partial<ForwarderInput>,
    worker?: Partial<WorkerOptions>,
  ) => Promise<void>;
}

/** Call it at the top of a test file. */
export function withForwarders(): Forwarders {
  const temporal = withTemporal();
  let workflowBundle: WorkflowBundleWithSourceMap;
  /** The server shares two cores with whatever else is tested. */
  vi.setConfig({ testTimeout: 60_000 });

  beforeAll(async () => {
    workflowBundle = await bundleWorkflows();
  });

  async function withForwarder(
    activities: FakeActivities,
    test: (running: RunningForwarder) => Promise<void>,
    input: Partial<ForwarderInput> = {},
    options: Partial<WorkerOptions> = {},
  ): Promise<void> {
    const taskQueue = randomUUID();
    const worker = await Worker.create({
      connection: temporal().nativeConnection,
      namespace: temporal().namespace,
      taskQueue,
      workflowBundle,
      activities: {
        drain: activities.drain,
        surveyPartitions: activities.surveyPartitions,
        checkDestination: activities.checkDestination,
        watchDestination: activities.watchDestination,
        reconcile: activities.reconcile,
        decideHeld: activities.decideHeld,
      },
      ...options,
    });
    await worker.runUntil(async () => {
      const handle = await temporal().client.workflow.start('forwarder', {
        workflowId: `forwarder:${randomUUID()}`,
        taskQueue,
        args: [
          {
            v: 1,
            uid: randomUUID(),
            name: 'support-chat',
            delivery: { ...DELIVERY, partitions: 2, leaseMs: 1_000 },
            pace: { sliceMs: 1_000, lingerMs: 100, firstProbeMs: 50 },
            ...input,
          } satisfies ForwarderInput,
        ],
      });
      const state = () => handle.query<ForwarderState>('state');
      const reaches = async (phase: ForwarderState['phase']) => {
        await vi.waitFor(async () => expect((await state()).phase).toBe(phase), { timeout: 45_000, interval: 50 });
        return state();
      };
      const wakesUntil = async (isEnough: () => boolean) => {
        for (let n = 0; !isEnough(); n += 1) {
          await handle.signal('wake', { partitions: [n % 2] });
          // A query is answered after what came before it.
          await vi.waitFor(state, { timeout: 10_000 });
        }
      };
      try {
        await test({ handle, state, reaches, wakesUntil });
      } finally {
        await handle.terminate().catch(() => undefined);
        activities.over.abort();
      }
    });
  }
  return { temporal, withForwarder };
}
