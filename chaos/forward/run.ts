/**
 * `npm run chaos:forward -- --seed N --events N --kills N --on TEMPORAL`: forwarding under kills and faults, with real processes. Prints a
 * table; exit 1 on any difference between what was answered with 2xx and what arrived.
 */
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/domain/messageOf.js';
import { listenForInterruption } from '../stack/interruption.js';
import { nameOf, readOn } from '../stack/temporal.js';
import { isWithoutFault, runForwardChaos } from './chaosRun.js';
import { reportOf } from './report.js';

const INTERRUPTED = 130;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    events: { type: 'string' },
    kills: { type: 'string' },
    on: { type: 'string', default: 'dev-server' },
    quick: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const events = Number(values.events ?? (values.quick ? 3_000 : 200_000));
const kills = Number(values.kills ?? (values.quick ? 12 : 200));
const on = readOn(values.on);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const repeat = `npm run chaos:forward -- --seed ${seed} --events ${events} --kills ${kills} --on ${nameOf(on)}`;

listenForInterruption(INTERRUPTED);
say(repeat);
try {
  const run = await runForwardChaos({
    seed,
    events,
    kills,
    on,
    log: (line) => say(`${new Date().toISOString().slice(11, 19)} ${line}`),
  });
  say(reportOf(run, repeat));
  process.exitCode = isWithoutFault(run) ? 0 : 1;
} catch (error) {
  say(`The run has not come to its end: ${messageOf(error)}`);
  say(`once more: ${repeat}`);
  // What posts, looks and changes faults has nothing to end it now.
  process.exit(1);
}
