/** A workflow of a source as people are shown it, from what Temporal's server says of it. */
import type { WorkflowExecutionDescription, WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { sentenceOf } from '../../domain/errors.js';
import { HELD_REASON, SOURCE_PHASE } from '../../domain/source/searchAttributes.js';
import { milliseconds } from '../timestamp.js';
import type { TemporalAccess } from './access.js';
import type { PausedActivity, PendingActivity, SourceRun } from './port.js';
import { catalogueErrorIn } from './temporalFaults.js';

export function sourceRun(
  name: string,
  run: WorkflowExecutionInfo | WorkflowExecutionDescription,
  { uiUrl, namespace }: TemporalAccess,
): SourceRun {
  const uid = run.memo?.uid;
  const pendingActivities = 'pendingActivities' in run.raw ? (run.raw.pendingActivities ?? []) : [];
  return {
    name,
    workflowId: run.workflowId,
    runId: run.runId,
    open: run.status.name === 'RUNNING' || run.status.name === 'PAUSED',
    status: run.status.name,
    startedAt: run.startTime.getTime(),
    closedAt: run.closeTime?.getTime(),
    uid: typeof uid === 'string' ? uid : undefined,
    ...standing(run),
    url: uiUrl === undefined ? undefined : `${uiUrl}/namespaces/${namespace}/workflows/${run.workflowId}`,
    pending: pendingActivities.map(pendingActivity),
  };
}

/** What its search attributes say. */
export function standing({ typedSearchAttributes }: Pick<WorkflowExecutionInfo, 'typedSearchAttributes'>) {
  return { phase: typedSearchAttributes.get(SOURCE_PHASE), heldReason: typedSearchAttributes.get(HELD_REASON) };
}

type RawPendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

function pendingActivity(activity: RawPendingActivity): PendingActivity {
  return {
    name: activity.activityType?.name ?? activity.activityId ?? '',
    attempt: activity.attempt ?? 1,
    lastFailure: failureText(activity.lastFailure),
    nextAttemptAt: milliseconds(activity.nextAttemptScheduleTime),
  };
}

export function pausedActivities(
  { raw, workflowId }: Pick<WorkflowExecutionDescription, 'raw' | 'workflowId'>,
  namespace: string,
): PausedActivity[] {
  return (raw.pendingActivities ?? [])
    .filter(({ paused }) => paused === true)
    .map(({ activityType, activityId: id, pauseInfo }) => {
      const activityId = id ?? '';
      const told = pauseInfo?.manual ?? pauseInfo?.rule;
      return {
        name: activityType?.name ?? activityId,
        workflowId,
        activityId,
        since: milliseconds(pauseInfo?.pauseTime),
        by: said(told?.identity),
        reason: said(told?.reason),
        unpause: `temporal activity unpause --namespace ${namespace} --workflow-id ${workflowId} --activity-id ${activityId}`,
      };
    });
}

function said(text: string | null | undefined): string | undefined {
  return text === null || text === undefined || text === '' ? undefined : text;
}

/** Our own sentence where the failure carries one, else the failure's message, in one line. */
function failureText(failure: RawPendingActivity['lastFailure']): string | undefined {
  if (failure === null || failure === undefined) return undefined;
  const [detail] = failure.applicationFailureInfo?.details?.payloads ?? [];
  const stated = detail === undefined ? undefined : catalogueErrorIn(defaultPayloadConverter.fromPayload(detail));
  const text = stated === undefined ? (failure.message ?? 'failed') : sentenceOf(stated);
  return text.replaceAll(/\s+/g, ' ');
}
