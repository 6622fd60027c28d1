/**
 * `npm run chaos:provision`: provisioning, abort and cancel under kills and faults, with the real processes of the product
 * against the simulator. Prints a line per cell and a table; exits 1 when a cell has failed.
 */
import { writeFileSync } from 'node:fs';
import { DEMO_CELLS, runDemoCell } from './demoRestart.js';
import { isInterrupted, listenForInterruption } from '../stack/interruption.js';
import { lanesOf } from './lanes.js';
import { readOptions, USAGE } from './options.js';
import { createRandom } from '../stack/random.js';
import type { CellResult } from '../stack/result.js';
import { nameOf } from '../stack/temporal.js';
import { asMarkdown, asText, lineOf, tableOf } from '../stack/table.js';

const say = (line: string): void => void process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);

const INTERRUPTED = 130;

async function main(): Promise<number> {
  if (process.argv.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const { seed, only, share, lanes: laneCount, on, report: reportFile } = readOptions(process.argv.slice(2));
  listenForInterruption(INTERRUPTED);
  const startedAt = performance.now();
  const draw = createRandom(seed);
  const pick = (name: string): boolean => draw() < share && only.test(name);
  const lanes = lanesOf(seed, pick, on);
  // The demo brings its own server.
  const demos = on.kind === 'dev-server' ? DEMO_CELLS.filter(pick) : [];
  const count = lanes.reduce((sum, { cellCount }) => sum + cellCount, demos.length);
  say(
    `seed ${seed}, on ${nameOf(on)}, ${count} cells: ${lanes.map(({ name, cellCount }) => `${name} ${cellCount}`).join(', ')}`,
  );

  const results: CellResult[] = [];
  const report = (result: CellResult): void => {
    results.push(result);
    say(lineOf(result));
  };
  const waiting = [...lanes];
  await Promise.all(
    Array.from({ length: Math.max(laneCount, 1) }, async () => {
      for (let lane = waiting.shift(); lane !== undefined; lane = waiting.shift()) await lane.run(report, say);
    }),
  );
  for (const name of demos) report(await runDemoCell(name));

  const failed = results.filter(({ faults }) => faults.length > 0);
  const table = tableOf(results);
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  const summary = `${results.length - failed.length} of ${results.length} cells held, seed ${seed}, ${minutes} min`;
  process.stdout.write(`\n${asText(table)}\n\n${summary}\n`);
  if (reportFile !== undefined) {
    const failures = failed.map(({ name, faults }) => `- ${name}: ${faults.join('; ')}`);
    writeFileSync(`${reportFile}.md`, [asMarkdown(table), '', summary, ...failures, ''].join('\n'));
    writeFileSync(
      `${reportFile}.json`,
      `${JSON.stringify({ v: 1, seed, minutes: Number(minutes), results }, null, 2)}\n`,
    );
  }
  return failed.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  // What is being ended fails in the middle of its work.
  if (!isInterrupted()) throw error;
}
