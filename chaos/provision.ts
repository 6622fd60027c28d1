/** `npm run chaos:provision`: provisioning under kills and faults, with real processes. Prints a table; exit 1 on a failed cell. */
import { parseArgs } from 'node:util';
import { killCells, KILL_TIMES, runKillWave } from './killMatrix.js';
import { createRandom } from './result.js';
import { startChaosStack } from './stack.js';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' }, only: { type: 'string' } } });
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const random = createRandom(Number(values.seed));
const stack = await startChaosStack({ times: KILL_TIMES, sandboxCount: 8, log: say });
let failed = 0;
try {
  const cells = killCells().filter(({ name }) => values.only === undefined || new RegExp(values.only).test(name));
  const groups = new Map<string, typeof cells>();
  for (const cell of cells) {
    const key = `${cell.victim}/${cell.operation}`;
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  for (const group of groups.values()) {
    for (let from = 0; from < group.length; from += stack.sandboxes.length) {
      for (const result of await runKillWave(stack, group.slice(from, from + stack.sandboxes.length), random)) {
        if (result.faults.length > 0) failed += 1;
        const verdict = result.faults.length === 0 ? 'ok' : `FAILED ${result.faults.join('; ')}`;
        say(
          `${new Date().toISOString().slice(11, 19)} ${result.name}: ${verdict} ${JSON.stringify(result.mappingSets ?? '')} ${Math.round(result.durationMs)}`,
        );
      }
    }
  }
} finally {
  say(`unexpected ends: ${stack.unexpectedEnds.join(', ')}`);
  await stack.stop();
}
process.exitCode = failed === 0 ? 0 : 1;
