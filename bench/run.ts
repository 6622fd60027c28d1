/**
 * Measures the product on this machine: `npm run bench -- [--only NAME]… [--events N] [--rounds N] [--size N]… [--profile DIR]`.
 *
 * Without `--only` the short measures run. Figures of one machine compare with each other, not with those of another; the ratio
 * to the ceiling does.
 */
import { parseArgs } from 'node:util';
import { backlog } from './measures/backlog.js';
import { contents } from './measures/contents.js';
import { cost } from './measures/cost.js';
import { dedup } from './measures/dedup.js';
import { growth } from './measures/growth.js';
import { handover } from './measures/handover.js';
import { hanging } from './measures/hanging.js';
import { latency } from './measures/latency.js';
import type { Measure } from './measures/measure.js';
import { slowInlet } from './measures/slowInlet.js';
import { sources } from './measures/sources.js';
import { stages } from './measures/stages.js';
import { throughput } from './measures/throughput.js';
import { keepResult, tableOf } from './report/results.js';
import { buildPrograms } from '../scripts/buildPrograms.js';
import { bundleClient } from '../scripts/build/client.js';
import { stopAllStacks } from './rig/stack.js';

const SHORT: readonly Measure[] = [throughput, stages, latency, slowInlet, hanging, growth];
const LONG: readonly Measure[] = [cost, contents, handover, backlog, dedup, sources];
const ALL = [...SHORT, ...LONG];

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    events: { type: 'string' },
    rounds: { type: 'string' },
    size: { type: 'string', multiple: true },
    profile: { type: 'string' },
  },
});

const unknown = values.only?.filter((name) => !ALL.some((measure) => measure.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`No measure is called ${unknown.join(', ')}. There are: ${ALL.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAllStacks().finally(() => process.exit(1)));
}

const programs = await buildPrograms('bench');
await bundleClient(programs.folder);
for (const measure of values.only === undefined ? SHORT : ALL.filter(({ name }) => values.only?.includes(name))) {
  console.log(`\n${measure.name}: ${measure.title}`);
  const result = await measure.run({
    programs,
    events: values.events === undefined ? undefined : Number(values.events),
    rounds: values.rounds === undefined ? undefined : Number(values.rounds),
    sizes: values.size?.map(Number),
    profileDir: values.profile,
    say: (line) => console.log(`  ${line}`),
  });
  keepResult(measure, result);
  console.log(tableOf(result));
}
