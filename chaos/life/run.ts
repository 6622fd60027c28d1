/**
 * `npm run chaos:life -- --seed N --sources N`: the life of sources under kills, faults and other people, with real processes.
 * Prints what it has found and a table; exit 1 on any difference.
 */
import { resolve } from 'node:path';
import { messageOf } from '../../src/domain/messageOf.js';
import { listenForInterruption, isInterrupted } from '../stack/interruption.js';
import type { CellResult, Report } from '../stack/result.js';
import { nameOf } from '../stack/temporal.js';
import { asText, lineOf, tableOf } from '../stack/table.js';
import { runKills } from './kills/run.js';
import { runLives } from './lives/lives.js';
import { beginProgress, continueProgress } from './lives/progress.js';
import { areWell, reportOfLives } from './lives/report.js';
import { runMeetings } from './meetings/run.js';
import { runSequences } from './sequences/run.js';
import { type Options, readOptions, USAGE } from './options.js';

const INTERRUPTED = 130;
/** At the same time. */
const MOST_SEQUENCES = 12;
const MOST_LIVES = 24;
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const say = (line: string): void => print(`${new Date().toISOString().slice(11, 19)} ${line}`);

async function lives({ home, goesOn, seed, sources, on }: Options): Promise<boolean> {
  const folder = resolve(home);
  const progress = goesOn ? continueProgress(folder) : beginProgress(folder, { seed, sources, lanes: MOST_LIVES });
  say(`${progress.over.length} of ${progress.sources} lives are over, seed ${progress.seed}; ${folder}`);
  const result = await runLives(folder, progress, { on, log: say });
  print(reportOfLives(result));
  return areWell(result);
}

/** Parts of which each result is a line, and a place in the table. */
async function cells(run: (report: Report) => Promise<void>): Promise<boolean> {
  const startedAt = performance.now();
  const results: CellResult[] = [];
  await run((result) => {
    results.push(result);
    say(lineOf(result));
  });
  const held = results.filter(({ faults }) => faults.length === 0).length;
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  print(`\n${asText(tableOf(results))}\n\n${held} of ${results.length} cells held, ${minutes} min\n`);
  return held === results.length;
}

function sequencesOf({ seed, sources, on }: Options) {
  return { seed, on, sources: Math.min(sources, MOST_SEQUENCES), log: say };
}

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    print(USAGE);
    return 0;
  }
  const options = readOptions(process.argv.slice(2));
  listenForInterruption(INTERRUPTED);
  const { seed, sources, parts, only, kills, wave, on, goesOn, home } = options;
  const whole = `--seed ${seed} --sources ${sources} --parts ${parts.join(',')} --only '${only.source}' --kills ${kills} --wave ${wave} --on ${nameOf(on)} --home ${home}`;
  const repeat = `npm run chaos:life -- ${goesOn ? `--continue --on ${nameOf(on)} --home ${home}` : whole}`;
  print(repeat);
  const wells: boolean[] = [];
  for (const part of options.parts) {
    if (part === 'kills') wells.push(await cells((report) => runKills({ ...options, log: say }, report)));
    if (part === 'meetings') wells.push(await cells((report) => runMeetings({ ...options, log: say }, report)));
    if (part === 'sequences') wells.push(await cells((report) => runSequences(sequencesOf(options), report)));
    if (part === 'lives') wells.push(await lives(options));
  }
  const isWell = wells.every(Boolean);
  if (!isWell) print(`once more: ${repeat}`);
  return isWell ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  // What is being ended fails in the middle of its work.
  if (!isInterrupted()) {
    print(`The run has not come to its end: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}
