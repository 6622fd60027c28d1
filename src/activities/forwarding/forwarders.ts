/** Starting, waking and ending forwarders: the worker's client side of Temporal. */
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { type Client, type WorkflowExecutionInfo, WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter, type Payload, TypedSearchAttributes } from '@temporalio/common';
import { FORWARDER_MESSAGES, type ForwarderInput, type WakeInput } from '../../domain/delivery/forwarder.js';
import { SOURCE_NAME } from '../../domain/source/searchAttributes.js';
import type { SourceActivities } from '../../domain/source/provisioning.js';
import { forwarderWorkflowId, TASK_QUEUES, WORKFLOW_TYPES } from '../../domain/source/source.js';
import type { ForwarderSettings, ProvisioningStore } from '../../store/sources/provisioning.js';
import { awaitQuiet } from '../quiet.js';

/** A forwarder belongs to a source's uid, not to its name: the name may have been given to another source since. */
export interface RunningForwarder {
  readonly name: string;
  readonly runId: string;
  readonly uid: string;
  /** Began under 0.1.0: a wake makes it hand over to a run of this release. */
  readonly isOld: boolean;
}

export interface Forwarders extends Pick<SourceActivities, 'startForwarder' | 'stopForwarder'> {
  /** Wakes the forwarder; starts it when somebody has ended it. Answers once Temporal has stored the signal. */
  wake(settings: ForwarderSettings, wake: WakeInput): Promise<void>;
  /** Has the forwarder take over the delivery settings; starts it with them when somebody has ended it. */
  configure(settings: ForwarderSettings): Promise<void>;
  /** One request, whatever their number; as late as the list. */
  countRunning(): Promise<number>;
  /** By name. One request for a thousand of them; Temporal's list may be some seconds late. */
  listRunning(): Promise<ReadonlyMap<string, RunningForwarder>>;
  /** As it is now. */
  findRunning(name: string): Promise<RunningForwarder | undefined>;
  /** Resolves when it has ended: its drains have finished what they had begun. */
  end(forwarder: RunningForwarder, waiting: Waiting): Promise<void>;
}

type Run = Pick<WorkflowExecutionInfo, 'workflowId' | 'runId' | 'memo'>;

interface Waiting {
  /** Aborted when nobody waits for it any longer. */
  readonly signal: AbortSignal;
  /** Called now and then. */
  readonly alive?: () => void;
}

/** Half an hour under full load, days when little comes. A worker that has just started replays so many in some 200 ms. */
const MAX_HISTORY_EVENTS = 500;
/** A server that says nothing is asked again by the next attempt, or by the waker's next look. */
const CALL_DEADLINE_MS = 10_000;
/** Of all pages of the list. */
const LIST_DEADLINE_MS = 60_000;
const LISTED_AT_ONCE = 1_000;
const RUNNING = `WorkflowType = "${WORKFLOW_TYPES.forwarder}" and ExecutionStatus = "Running"`;
/** Above the longest request of a drain. One that does not come to its end is terminated: the fence makes that harmless. */
const ENDS_WITHIN_MS = 90_000;
const END_POLL_MS = 200;

export function createForwarders(client: Client, store: ProvisioningStore): Forwarders {
  const inTime = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_DEADLINE_MS, call);
  const uidsOfOld = new Map<string, string>();

  async function wake({ uid, name, sandbox, delivery }: ForwarderSettings, input: WakeInput): Promise<void> {
    await inTime(() =>
      client.workflow.signalWithStart(WORKFLOW_TYPES.forwarder, {
        workflowId: forwarderWorkflowId(name),
        taskQueue: TASK_QUEUES.forwarder,
        args: [{ v: 1, uid, name, sandbox, delivery, maxHistoryEvents: MAX_HISTORY_EVENTS } satisfies ForwarderInput],
        signal: FORWARDER_MESSAGES.wake,
        signalArgs: [{ ...input, uid } satisfies WakeInput],
        memo: { uid },
        staticSummary: `delivers the events of ${name}`,
        typedSearchAttributes: new TypedSearchAttributes([{ key: SOURCE_NAME, value: name }]),
      }),
    );
  }

  async function forwarderOf(run: Run): Promise<RunningForwarder> {
    const name = run.workflowId.slice(forwarderWorkflowId('').length);
    const uid = run.memo?.['uid'];
    const isOld = typeof uid !== 'string';
    return { name, runId: run.runId, uid: isOld ? await uidOfOld(run) : uid, isOld };
  }

  /** 0.1.0 wrote it only into what the run was started with. */
  async function uidOfOld({ workflowId, runId }: Run): Promise<string> {
    const known = uidsOfOld.get(runId);
    if (known !== undefined) return known;
    const { history } = await inTime(() =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        maximumPageSize: 1,
      }),
    );
    const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    const uid = uidIn(payload);
    uidsOfOld.set(runId, uid);
    return uid;
  }

  const countRunning = async (): Promise<number> => (await inTime(() => client.workflow.count(RUNNING))).count;

  async function listRunning(): Promise<ReadonlyMap<string, RunningForwarder>> {
    const running = new Map<string, RunningForwarder>();
    await client.withDeadline(Date.now() + LIST_DEADLINE_MS, async () => {
      for await (const run of client.workflow.list({ query: RUNNING, pageSize: LISTED_AT_ONCE })) {
        const forwarder = await forwarderOf(run);
        running.set(forwarder.name, forwarder);
      }
    });
    const runs = new Set([...running.values()].map(({ runId }) => runId));
    for (const runId of uidsOfOld.keys()) if (!runs.has(runId)) uidsOfOld.delete(runId);
    return running;
  }

  async function findRunning(name: string): Promise<RunningForwarder | undefined> {
    const run = await inTime(() => client.workflow.getHandle(forwarderWorkflowId(name)).describe()).catch(unlessGone);
    return run?.status.name === 'RUNNING' || run?.status.name === 'PAUSED' ? forwarderOf(run) : undefined;
  }

  async function end({ name, uid }: RunningForwarder, { signal, alive }: Waiting): Promise<void> {
    const terminateAtMs = performance.now() + ENDS_WITHIN_MS;
    // It may go on in a new run meanwhile.
    let asked = '';
    for (;;) {
      alive?.();
      const run = await findRunning(name);
      if (run?.uid !== uid) return;
      const handle = client.workflow.getHandle(forwarderWorkflowId(name), run.runId);
      if (run.runId !== asked) await inTime(() => handle.cancel()).catch(unlessGone);
      asked = run.runId;
      if (performance.now() > terminateAtMs) {
        await inTime(() => handle.terminate('it did not end when it was cancelled')).catch(unlessGone);
      }
      await delay(END_POLL_MS, undefined, { signal });
    }
  }

  async function configure(settings: ForwarderSettings): Promise<void> {
    const { name, uid, delivery } = settings;
    const running = await findRunning(name);
    // One of another uid ends when it is woken, and the source's own is started after it.
    if (running?.uid !== uid) return wake(settings, {});
    const handle = client.workflow.getHandle(forwarderWorkflowId(name));
    await inTime(() => handle.executeUpdate(FORWARDER_MESSAGES.configure, { args: [delivery] }));
  }

  return {
    wake,
    configure,
    countRunning,
    listRunning,
    findRunning,
    end,
    async startForwarder({ name, uid, manifest }) {
      const running = await findRunning(name);
      if (running !== undefined && running.uid !== uid) await end(running, ofActivity());
      const settings = { name, uid, sandbox: manifest.sandbox, delivery: manifest.delivery };
      // One of an earlier provisioning, whose workflow was terminated, goes on with the settings of then.
      if (running?.uid === uid) await configure(settings);
      await wake(settings, {});
    },
    async stopForwarder({ name, uid, reason }) {
      // First, so that no webhook that comes meanwhile asks for the forwarder again.
      await store.retire({ name, uid });
      await store.closeGate({ name, uid }, reason, 'provisioned');
      const running = await findRunning(name);
      if (running?.uid === uid) await end(running, ofActivity());
      await awaitQuiet(store, { name, uid });
    },
  };
}

/** One that was started by hand, without or with another input, belongs to no source, which is no reason to see none at all. */
function uidIn(payload: Payload | null | undefined): string {
  try {
    const input = payload && defaultPayloadConverter.fromPayload<Partial<ForwarderInput> | null>(payload);
    return typeof input?.uid === 'string' ? input.uid : '';
  } catch {
    return '';
  }
}

function ofActivity(): Waiting {
  const activity = Context.current();
  return { signal: activity.cancellationSignal, alive: () => activity.heartbeat('alive') };
}

function unlessGone(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
}
