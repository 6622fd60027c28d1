/** Starting, waking and stopping forwarders: the worker's client side of Temporal. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { FORWARDER_MESSAGES, type ForwarderInput, type WakeInput } from '../domain/forwarder.js';
import type { SourceActivities } from '../domain/provisioning.js';
import { forwarderWorkflowId, TASK_QUEUES, WORKFLOW_TYPES } from '../domain/source.js';
import type { ForwarderSettings, ProvisioningStore } from '../store/provisioning.js';
import { awaitQuiet } from './quiet.js';

const SOURCE_NAME = defineSearchAttributeKey('SourceName', 'KEYWORD');

export interface Forwarders extends Pick<SourceActivities, 'startForwarder' | 'stopForwarder'> {
  /** Wakes the forwarder; starts it when somebody has ended it. Answers once Temporal has stored the signal. */
  wake(settings: ForwarderSettings, wake: WakeInput): Promise<void>;
  isRunning(settings: Pick<ForwarderSettings, 'name'>): Promise<boolean>;
}

/** Half an hour under full load, days when little comes. A worker that has just started replays so many in some 200 ms. */
const MAX_HISTORY_EVENTS = 500;
/** A server that says nothing is asked again by the next attempt, or by the waker's next look. */
const CALL_DEADLINE_MS = 10_000;

export function createForwarders(client: Client, store: ProvisioningStore): Forwarders {
  const inTime = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_DEADLINE_MS, call);

  async function wake({ uid, name, sandbox, delivery }: ForwarderSettings, input: WakeInput): Promise<void> {
    await inTime(() =>
      client.workflow.signalWithStart(WORKFLOW_TYPES.forwarder, {
        workflowId: forwarderWorkflowId(name),
        taskQueue: TASK_QUEUES.forwarder,
        args: [{ v: 1, uid, name, sandbox, delivery, maxHistoryEvents: MAX_HISTORY_EVENTS } satisfies ForwarderInput],
        signal: FORWARDER_MESSAGES.wake,
        signalArgs: [input],
        staticSummary: `delivers the events of ${name}`,
        typedSearchAttributes: new TypedSearchAttributes([{ key: SOURCE_NAME, value: name }]),
      }),
    );
  }

  async function isRunning({ name }: Pick<ForwarderSettings, 'name'>): Promise<boolean> {
    try {
      const { status } = await inTime(() => client.workflow.getHandle(forwarderWorkflowId(name)).describe());
      return status.name === 'RUNNING' || status.name === 'PAUSED';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  return {
    wake,
    isRunning,
    startForwarder: ({ name, uid, manifest }) =>
      wake({ name, uid, sandbox: manifest.sandbox, delivery: manifest.delivery }, {}),
    async stopForwarder({ name, uid, reason }) {
      await store.closeGate({ name, uid }, reason);
      try {
        await client.workflow.getHandle(forwarderWorkflowId(name)).cancel();
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
      await awaitQuiet(store, { name, uid });
    },
  };
}
