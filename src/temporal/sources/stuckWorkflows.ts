/**
 * Workflows that stand still because a worker fails at their task again and again, most often for a history that its release
 * does not fit. Temporal answers to them as if there were no worker; their history tells the truth.
 */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { codedError, type CodedError } from '../../domain/errors.js';
import { named } from '../deploys/polling.js';
import { unknownEncoding } from './unknownEncoding.js';

/** The first failure may be one worker that was just ended. */
const FAILED_ATTEMPTS = 2;
const EVENTS_LOOKED_AT = 20;
/** temporal.api.enums.v1.WorkflowTaskFailedCause */
const NON_DETERMINISTIC = 24;
const LONGEST_REASON = 300;

/** @returns undefined for one that goes on, or is not there */
export async function stuckError(
  client: Client,
  namespace: string,
  description: Pick<WorkflowExecutionDescription, 'raw' | 'workflowId' | 'runId'>,
): Promise<CodedError | undefined> {
  const { raw, workflowId, runId } = description;
  if ((raw.pendingWorkflowTask?.attempt ?? 1) < FAILED_ATTEMPTS) return undefined;
  const { history } = await client.connection.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId, runId },
    maximumPageSize: EVENTS_LOOKED_AT,
  });
  const attributes = (history?.events ?? []).map((event) => event.workflowTaskFailedEventAttributes);
  const failed = attributes.find((one) => one !== null && one !== undefined);
  // Attempts also count tasks that a worker took and never answered: then there is no such event, and no worker.
  if (failed === undefined) return undefined;
  const message = (failed.failure?.message ?? 'its workflow task fails')
    .replaceAll(/\s+/g, ' ')
    .slice(0, LONGEST_REASON)
    .replace(/\.$/, '');
  const encoded = unknownEncoding(message, `the workflow ${workflowId}`);
  if (encoded !== undefined) return encoded;
  if (Number(failed.cause) !== NON_DETERMINISTIC) {
    return codedError('CAEP_WORKFLOW_STUCK', { workflow: workflowId, reason: message });
  }
  return codedError('CAEP_WORKFLOW_NONDETERMINISTIC', { workflow: workflowId, reason: message, ...codeOf(raw) });
}

/** Which code does not fit, and which does. */
function codeOf({ workflowExecutionInfo }: WorkflowExecutionDescription['raw']): Readonly<Record<string, string>> {
  const { deploymentVersion, versionTransition } = workflowExecutionInfo?.versioningInfo ?? {};
  const last = named(deploymentVersion)?.build;
  // On its way to another build it has done no task there yet.
  const build = named(versionTransition?.deploymentVersion)?.build ?? last;
  if (build === undefined) {
    return {
      code: 'the release of the workers',
      instead: 'On every worker, run the release that it ran on before, or a later one.',
    };
  }
  return {
    code: `the build ${build}`,
    ...(last === undefined || last === build ? { instead: OTHER_BUILD } : { lastBuild: last }),
  };
}

const OTHER_BUILD =
  'Run `chatlio-aep deploy promote BUILD` with the one that it ran on before; `chatlio-aep deploy status` lists the builds.';
