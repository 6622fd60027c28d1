import { ApplicationFailure } from '@temporalio/common';
import { Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createTemporalSources } from '../../src/temporal/sources/temporalSources.js';
import { TASK_QUEUES } from '../../src/domain/source/source.js';
import { withNamespace } from '../support/namespace.js';
import { withTemporal } from '../support/temporal.js';
import { bundleWorkflows } from '../support/workflowBundle.js';

const temporal = withTemporal();
const namespace = withNamespace(temporal);
let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  workflowBundle = await bundleWorkflows();
});

const error = { code: 'CAEP_SOURCE_UNKNOWN', fields: { name: 'typo' } } as const;

/** A worker that knows no source of any name. */
async function withWorker(test: () => Promise<void>): Promise<void> {
  const worker = await Worker.create({
    connection: temporal().nativeConnection,
    namespace: namespace().options.namespace,
    taskQueue: TASK_QUEUES.source,
    workflowBundle,
    activities: {
      urls: () => Promise.reject(ApplicationFailure.nonRetryable('no such source', error.code, { error })),
      intake: () => Promise.resolve({ v: 1, receivers: [], silent: [] }),
    },
  });
  await worker.runUntil(test());
}

const sources = () =>
  createTemporalSources({
    client: namespace(),
    namespace: namespace().options.namespace,
    address: temporal().address,
  });

const count = async (query: string) => (await namespace().workflow.count(query)).count;

vi.setConfig({ testTimeout: 60_000 });
describe('a question', () => {
  it('that is answered or refused leaves nothing in the list', async () => {
    await withWorker(async () => {
      expect(await sources().ask({ v: 1, ask: 'intake', name: 'chat' })).toMatchObject({ receivers: [] });
      await expect(sources().ask({ v: 1, ask: 'urls', name: 'typo', sealTo: '' })).rejects.toMatchObject({ error });
    });
    await vi.waitFor(async () => expect(await count('WorkflowType = "inquiry"')).toBe(0), {
      timeout: 40_000,
      interval: 200,
    });
  });

  it('that is refused is a result; for a client of 0.1.0, which knows no such result, a failure', async () => {
    await withWorker(async () => {
      const ask = { v: 1, ask: 'urls', name: 'typo', sealTo: '' } as const;
      const started = (workflowId: string, question: object) =>
        namespace().workflow.execute('inquiry', { workflowId, taskQueue: TASK_QUEUES.source, args: [question] });
      expect(await started('inquiry:of-now', { ...ask, refusals: 'result' })).toEqual({ refused: error });
      await expect(started('inquiry:of-0.1.0', ask)).rejects.toMatchObject({
        cause: { cause: { details: [{ error }] } },
      });
    });
  });
});
