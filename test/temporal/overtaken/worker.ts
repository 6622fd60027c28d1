/** A worker to be killed. Usage: `worker.ts ADDRESS TASK_QUEUE`; prints the token of the activity that it leaves to others. */
import { fileURLToPath } from 'node:url';
import { CompleteAsyncError, Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../../../src/temporal/workflowBundle.js';

const [address, taskQueue = ''] = process.argv.slice(2);
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowBundle: await bundleWorkflows({
    workflowsPath: fileURLToPath(new URL('./workflow.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  }),
  activities: {
    async first(): Promise<void> {
      console.log(`token ${Buffer.from(Context.current().info.taskToken).toString('base64')}`);
      throw new CompleteAsyncError();
    },
    async next(): Promise<void> {},
  },
});
console.log('polls now');
await worker.run();
