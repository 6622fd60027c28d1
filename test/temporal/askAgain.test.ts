import type { WorkflowStartUpdateInput, WorkflowStartUpdateOutput } from '@temporalio/client';
import { expect, it } from 'vitest';
import { askAgain } from '../../src/temporal/askAgain.js';

const INPUT = { updateName: 'pause' } as WorkflowStartUpdateInput;
const output = (type?: string): WorkflowStartUpdateOutput => ({
  updateId: 'u-1',
  workflowRunId: 'r-1',
  outcome: type === undefined ? {} : { failure: { message: 'rejected', applicationFailureInfo: { type } } },
});

/** @returns how often the server was asked, and its last answer */
async function asked(...answers: readonly WorkflowStartUpdateOutput[]) {
  let times = 0;
  const last = await askAgain.startUpdate?.(INPUT, async () => {
    times += 1;
    return answers[times - 1] ?? answers.at(-1) ?? output();
  });
  return { times, type: last?.outcome?.failure?.applicationFailureInfo?.type };
}

it('an update that has not reached the workflow is asked for again', async () => {
  expect(await asked(output('UnprocessedUpdate'), output())).toEqual({ times: 2, type: undefined });
});

it('one that never reaches it is given back after some attempts', async () => {
  expect(await asked(output('UnprocessedUpdate'))).toEqual({ times: 4, type: 'UnprocessedUpdate' });
});

it('one that the workflow has rejected, or carried out, is not asked for again', async () => {
  expect(await asked(output('CAEP_OPERATION_RUNNING'))).toEqual({ times: 1, type: 'CAEP_OPERATION_RUNNING' });
  expect(await asked(output())).toEqual({ times: 1, type: undefined });
});
