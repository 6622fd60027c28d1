/** Many live sources: rows, routes and an open gate as a provisioning leaves them, and the workflows that it leaves in Temporal. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import pLimit from 'p-limit';
import { SOURCE_NAME } from '../../../src/domain/source/searchAttributes.js';
import { type SourceInput, sourceWorkflowId, TASK_QUEUES, WORKFLOW_TYPES } from '../../../src/domain/source/source.js';
import { stepsFor } from '../../../src/domain/source/steps.js';
import type { BenchSource, Stack } from '../stack.js';

const AT_ONCE = 8;
const LOOK_EVERY_MS = 500;
/** Without one more source that stands still. */
const STALLED_MS = 180_000;

/** The worker finds those that have no forwarder, and starts them. */
export async function addLiveSources(stack: Stack, count: number): Promise<BenchSource[]> {
  const connection = await Connection.connect({ address: stack.temporal.address });
  try {
    const client = new Client({ connection, namespace: stack.temporal.namespace });
    return await pLimit(AT_ONCE).map(Array.from({ length: count }), async () => {
      const source = await stack.addSource();
      await client.workflow.start(WORKFLOW_TYPES.source, {
        workflowId: sourceWorkflowId(source.name),
        taskQueue: TASK_QUEUES.source,
        args: [liveInput(source)],
        memo: { uid: source.uid },
        typedSearchAttributes: [{ key: SOURCE_NAME, value: source.name }],
      });
      return source;
    });
  } finally {
    await connection.close();
  }
}

/** As a run that has continued as new: nothing is provisioned. Nobody looks for drift, as there is no Adobe to look at. */
function liveInput({ uid, manifest: written }: BenchSource): SourceInput {
  const manifest = { ...written, drift: { everyMs: 0 } };
  const steps = stepsFor(manifest).map((step) => ({ step, state: 'made' as const, id: step }));
  const liveSince = Date.now();
  return {
    v: 1,
    uid,
    manifest,
    carried: { v: 1, uid, manifest, phase: 'live', steps, resources: {}, remainders: [], liveSince },
  };
}

/** Every source has been drained at least once, and no drain runs. */
export async function untilIdle({ database }: Stack, sources: number): Promise<void> {
  let progress = { idle: -1, atMs: performance.now() };
  for (;;) {
    const { rows } = await database.pool.query<{ idle: number; running: number }>(
      `select count(*) filter (where h.idle and c.fence > 0) as idle,
         count(*) filter (where c.lease_until > clock_timestamp()) as running
       from partition_head h left join partition_cursor c using (source_id, partition)`,
    );
    const { idle = 0, running = 0 } = rows[0] ?? {};
    if (idle >= sources && running === 0) return;
    if (idle !== progress.idle) progress = { idle, atMs: performance.now() };
    if (performance.now() - progress.atMs > STALLED_MS)
      throw new Error(`${idle} of ${sources} sources stand still, no more`);
    await delay(LOOK_EVERY_MS);
  }
}
