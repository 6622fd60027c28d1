/** A worker to be killed. Usage: `worker.ts ADDRESS TASK_QUEUE`; prints the token of the activity that it leaves to others. */
import { fileURLToPath } from 'node:url';
import { CompleteAsyncError, Context } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const [address, taskQueue = ''] = process.argv.slice(2);
const worker = await Worker.create({
  interceptors: { workflowModules: [fileOf('../../../src/workflows/overtaking.ts')] },
  connection: await NativeConnection.connect({ address }),
  taskQueue,
  workflowsPath: fileOf('./workflow.ts'),
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
