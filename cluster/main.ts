/** `npm run cluster`: the product on a Temporal cluster, all on this machine, in the foreground, ended by Ctrl-C. */
import { runEntry } from '../src/cli/runEntry.js';
import { readConfiguration } from '../src/configuration.js';
import { inForeground } from '../src/dev/foreground.js';
import { startStack } from '../src/dev/stack.js';
import { welcome } from '../src/dev/welcome.js';
import { readCommand } from './options.js';
import { planCluster } from './plan.js';

await runEntry(async () => {
  const { realTime, ...shape } = readCommand(process.argv.slice(2));
  process.exitCode = await inForeground(
    async (given) => {
      const configuration = readConfiguration(process.env);
      const options = { ...given, configuration, environment: process.env, shortWindows: !realTime };
      return startStack(options, await planCluster(options, shape));
    },
    (environment) => welcome(environment, 'npm run cluster'),
  );
});
