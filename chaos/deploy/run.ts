/**
 * `npm run chaos:deploy -- --seed N --events N --rate N`: builds that come and go under load, with real processes. Exit 1 on any lost or
 * repeated event, and on any failed workflow task but those of the build that does not fit.
 */
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/domain/messageOf.js';
import { listenForInterruption } from '../stack/interruption.js';
import { isWithoutFault, runDeployChaos } from './deployRun.js';
import { reportOf } from './report.js';

const INTERRUPTED = 130;
const DEFAULT_EVENTS = '30000';
const DEFAULT_RATE = '150';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    events: { type: 'string', default: DEFAULT_EVENTS },
    rate: { type: 'string', default: DEFAULT_RATE },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const events = Number(values.events);
const rate = Number(values.rate);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const log = (line: string): void => say(`${new Date().toISOString().slice(11, 19)} ${line}`);
const repeat = `npm run chaos:deploy -- --seed ${seed} --events ${events} --rate ${rate}`;

listenForInterruption(INTERRUPTED);
say(repeat);
try {
  const run = await runDeployChaos({ seed, events, rate, log });
  say(reportOf(run, repeat));
  process.exitCode = isWithoutFault(run) ? 0 : 1;
} catch (error) {
  say(`The run has not come to its end: ${messageOf(error)}`);
  say(`once more: ${repeat}`);
  // What posts has nothing to end it now.
  process.exit(1);
}
