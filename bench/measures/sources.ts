/** Many sources that send together through one worker: how long an event then takes from its answer to the inlet. */
import type { LoadTarget } from '../rig/load.js';
import { startStack, type Stack } from '../rig/stack.js';
import { takeTurn } from '../rig/turn.js';
import { usageOf } from '../rig/usage.js';
import type { Measure, Row } from './measure.js';

const SOURCES = [120, 300];
/** Of all sources together: each has an event more often than a drain watches an empty log, so that none goes idle. */
const EVENTS_PER_SECOND = 100;
const SECONDS = 60;
/** All forwarders are started, and all drains have their turn. */
const WARM_UP_SECONDS = 20;
const MEBIBYTE = 2 ** 20;

export const sources: Measure = {
  name: 'sources',
  title: `Many sources at once, ${EVENTS_PER_SECOND} events a second in all, one worker`,
  async run({ programs, events = SECONDS * EVENTS_PER_SECOND, say }) {
    const stack = await startStack({ programs });
    try {
      const rows: Row[] = [];
      const targets: LoadTarget[] = [];
      for (const count of SOURCES) {
        while (targets.length < count) targets.push(...(await stack.addSource()).targets);
        const turn = (ofEvents: number) =>
          takeTurn({ stack, targets, events: ofEvents, connections: count, perSecond: EVENTS_PER_SECOND });
        await turn(WARM_UP_SECONDS * EVENTS_PER_SECOND);
        const { deliveryMs } = await turn(events);
        const rowsOfCount = [...delivered(deliveryMs), ...(await costs(stack))];
        rows.push(...rowsOfCount.map((row) => ({ ...row, name: `${count} sources: ${row.name}` })));
        say(rowsOfCount.map(({ name, value }) => `${name} ${Math.round(value)}`).join(', '));
      }
      return { rows, plots: [] };
    } finally {
      await stack.stop();
    }
  },
};

function delivered(deliveryMs: Float64Array): Row[] {
  const sorted = deliveryMs.toSorted();
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return [
    { name: 'delivered after the answer, p50 ms', value: at(0.5) },
    { name: 'delivered after the answer, p90 ms', value: at(0.9) },
    { name: 'delivered after the answer, longest ms', value: at(1) },
  ];
}

async function costs({ database, groups }: Stack): Promise<Row[]> {
  const { rows } = await database.pool.query<{ count: number }>(
    `select count(*) as count from pg_stat_activity where application_name = 'chatlio-aep worker'`,
  );
  const worker = usageOf(groups).find(({ name }) => name === 'worker');
  return [
    { name: "the worker's memory, MiB", value: (worker?.memoryBytes ?? 0) / MEBIBYTE },
    { name: "the worker's connections to PostgreSQL", value: rows[0]?.count ?? 0 },
  ];
}
