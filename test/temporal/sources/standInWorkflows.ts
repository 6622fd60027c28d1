/** Stands in for the real workflows, so that these tests do not depend on what provisioning does. */
import {
  ApplicationFailure,
  condition,
  defineQuery,
  defineUpdate,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { InquiryActivities } from '../../../src/domain/inquiries.js';
import type { SourceInput } from '../../../src/domain/source/source.js';

const activities = proxyActivities<InquiryActivities & { dataset(): Promise<void> }>({ startToCloseTimeout: '10s' });

/** Held until it is resumed; refuses to be aborted; then tries an activity that keeps failing. */
export async function source(input: SourceInput): Promise<void> {
  let phase = 'held';
  // As code that does not fit a history: it fails the workflow's task, not the workflow.
  if (input.manifest.name.startsWith('stuck')) throw new Error('[TMPRL1100] Nondeterminism error');
  setHandler(defineQuery('state'), () => ({ v: 1, uid: input.uid, manifest: input.manifest, phase, steps: [] }));
  setHandler(defineUpdate('resume'), () => {
    phase = 'live';
  });
  setHandler(defineUpdate('abort'), () => undefined, {
    validator: () => {
      const error = { code: 'CAEP_NOT_HELD', fields: { name: input.manifest.name, phase: 'live' } };
      throw ApplicationFailure.nonRetryable('not held', error.code, { error });
    },
  });
  await condition(() => phase === 'live');
  await activities.dataset();
}

export function inquiry(input: Parameters<InquiryActivities['urls']>[0]): Promise<object> {
  return activities.urls(input);
}
