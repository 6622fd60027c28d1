/** The balancer's process: `--port N --receiver PORT…`, all on this machine. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { runEntry } from '../../src/cli/runEntry.js';
import { askedToEnd } from '../../src/process/interruption.js';
import { tellReady } from '../../src/process/programs/readiness.js';
import { startBalancer } from './balancer.js';

const HOST = '127.0.0.1';

await runEntry(async () => {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '0' }, receiver: { type: 'string', multiple: true, default: [] } },
  });
  const receivers = values.receiver.map((port) => ({ host: HOST, port: Number(port) }));
  const place = { host: HOST, port: Number(values.port), service: 'the balancer', option: 'RECEIVER_PORT' };
  const asked = askedToEnd();
  const balancer = await startBalancer({ ...place, receivers });
  tellReady();
  if (!asked.aborted) await once(asked, 'abort');
  balancer.close();
});
