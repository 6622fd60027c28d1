/**
 * Records histories of this version's workflows into `test/histories/v{version}/`, once: a released history is never
 * recorded again, because it stands for the workflows that began under that release.
 *
 * Usage: `tsx scripts/record-histories.ts [ADDRESS]` with a Temporal dev server that has the search attributes.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { packageFile } from '../src/process/packageFiles.js';
import { bundleWorkflows } from '../src/temporal/workflowBundle.js';
import { SCENARIOS } from '../test/workflows/scenarios.js';

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
const folder = packageFile(`test/histories/v${version}/`);
mkdirSync(folder, { recursive: true });

const address = process.argv[2] ?? '127.0.0.1:7233';
const client = new Client({ connection: await Connection.connect({ address }) });
const connection = await NativeConnection.connect({ address });

const workflowBundle = await bundleWorkflows();

for (const scenario of SCENARIOS) {
  const file = `${folder}${scenario.name}.json`;
  if (existsSync(file)) {
    console.log(`${scenario.name}: stands already`);
    continue;
  }
  const taskQueue = `record-${scenario.name}-${Date.now()}`;
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle,
    activities: scenario.activities,
    // Some activities of the scenarios never end.
    shutdownForceTime: '500 milliseconds',
  });
  const running = worker.run().catch(() => undefined);
  const handle: WorkflowHandle = await scenario.run(client, taskQueue);
  const history = await handle.fetchHistory();
  writeFileSync(file, `${JSON.stringify(JSON.parse(historyToJSON(history)), null, 1)}\n`);
  console.log(`${scenario.name}: ${history.events?.length} events`);
  const current = client.workflow.getHandle(handle.workflowId);
  await current.terminate().catch(() => undefined);
  worker.shutdown();
  await running;
}
await connection.close();
process.exit(0);
