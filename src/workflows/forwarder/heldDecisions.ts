import {
  ApplicationFailure,
  currentUpdateInfo,
  defineUpdate,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { sentenceOf } from '../../domain/errors.js';
import { FORWARDER_MESSAGES, type ForwarderActivities, type ForwarderInput } from '../../domain/delivery/forwarder.js';
import { type DecideInput, type DecideResult, faultOfDecision } from '../../domain/exceptions/heldEvents.js';

const decideUpdate = defineUpdate<DecideResult, [DecideInput]>(FORWARDER_MESSAGES.decide);

/** What is wrong with a decision's shape is said at once; whether it fits the event, the activity knows. */
export function handleDecisions({ uid, name }: Pick<ForwarderInput, 'uid' | 'name'>): void {
  const { decideHeld } = proxyActivities<ForwarderActivities>({ startToCloseTimeout: '4 minutes' });
  setHandler(
    decideUpdate,
    (decision) => decideHeld({ uid, name, requestId: `${workflowInfo().runId}/${currentUpdateInfo()?.id}`, decision }),
    {
      description:
        'Decide about held events: {"decision": "resend", "ids": [12], "by": "ana", "why": "not in the lake"}. Instead of ids, you can give a filter: "reason", "kind", "before", "limit". Decisions: resend, abandon, mark-delivered, reparse, deliver-as-new. "dryRun": true only counts.',
      validator: (decision) => {
        const fault = faultOfDecision(decision);
        if (fault === undefined) return;
        const error = { code: 'CAEP_USAGE', fields: { reason: `The decision is not understood: ${fault}` } } as const;
        throw ApplicationFailure.nonRetryable(sentenceOf(error), error.code, { error });
      },
    },
  );
}
