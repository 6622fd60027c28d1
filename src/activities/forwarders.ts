/** Starting, waking and stopping forwarders: the worker's client side of Temporal. */
import { Context } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { FORWARDER_MESSAGES, type ForwarderInput, type WakeInput } from '../domain/forwarder.js';
import type { SourceActivities } from '../domain/provisioning.js';
import { forwarderWorkflowId, TASK_QUEUES, WORKFLOW_TYPES } from '../domain/source.js';
import type { ForwarderSettings, ProvisioningStore } from '../store/provisioning.js';

const SOURCE_NAME = defineSearchAttributeKey('SourceName', 'KEYWORD');
const QUIET_POLL_MS = 500;

export interface Forwarders extends Pick<SourceActivities, 'startForwarder' | 'stopForwarder'> {
  /** Wakes the forwarder; starts it when somebody has ended it. Answers once Temporal has stored the signal. */
  wake(settings: ForwarderSettings, wake: WakeInput): Promise<void>;
}

export function createForwarders(client: Client, store: ProvisioningStore): Forwarders {
  async function wake({ uid, name, sandbox, delivery }: ForwarderSettings, input: WakeInput): Promise<void> {
    await client.workflow.signalWithStart(WORKFLOW_TYPES.forwarder, {
      workflowId: forwarderWorkflowId(name),
      taskQueue: TASK_QUEUES.forwarder,
      args: [{ v: 1, uid, name, sandbox, delivery } satisfies ForwarderInput],
      signal: FORWARDER_MESSAGES.wake,
      signalArgs: [input],
      staticSummary: `delivers the events of ${name}`,
      typedSearchAttributes: new TypedSearchAttributes([{ key: SOURCE_NAME, value: name }]),
    });
  }

  return {
    wake,
    startForwarder: ({ name, uid, manifest }) =>
      wake({ name, uid, sandbox: manifest.sandbox, delivery: manifest.delivery }, {}),
    async stopForwarder({ name, uid, reason }) {
      await store.closeGate({ name, uid }, reason);
      try {
        await client.workflow.getHandle(forwarderWorkflowId(name)).cancel();
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
      for (;;) {
        Context.current().heartbeat();
        const quiet = await store.quiet({ name, uid });
        if (quiet.quiet) return;
        await new Promise((resolve) => setTimeout(resolve, Math.min(Math.max(quiet.waitMs, 10), QUIET_POLL_MS)));
      }
    },
  };
}
