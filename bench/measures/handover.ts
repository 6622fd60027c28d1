/** One of two workers is asked to end, again and again, under load: how long its partitions stand still. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Gap } from '../rig/gaps.js';
import { gapsOf } from '../rig/gaps.js';
import type { Program } from '../rig/processes.js';
import { type Stack, startStack } from '../rig/stack.js';
import { takeTurn } from '../rig/turn.js';
import { type Measure, median } from './measure.js';

const HANDOVERS = 50;
const PARTITIONS = 4;
const PER_SECOND = 1_000;
/** From one to the next: two workers then run side by side for some seconds. */
const EVERY_S = 10;
/** Before the first, and after the last: what gaps there are without any. */
const QUIET_S = 10;
const WARM_UP_EVENTS = 5_000;
const CONNECTIONS = 32;

interface Handover {
  readonly askedMs: number;
  readonly endedMs: number;
  /** When the worker that took its place was ready. */
  readonly replacedMs: number;
}

export const handover: Measure = {
  name: 'handover',
  title: `SIGTERM of one of two workers under ${PER_SECOND} events/s`,
  async run({ programs, rounds = HANDOVERS, say }) {
    const stack = await startStack({ programs, workers: 2 });
    try {
      const { targets, sourceId } = await stack.addSource({ delivery: { partitions: PARTITIONS } });
      await takeTurn({ stack, targets, events: WARM_UP_EVENTS, connections: CONNECTIONS, perSecond: PER_SECOND });
      const handovers: Handover[] = [];
      const turn = await takeTurn({
        stack,
        targets,
        events: PER_SECOND * (rounds * EVERY_S + 2 * QUIET_S),
        connections: CONNECTIONS,
        perSecond: PER_SECOND,
        beside: () => handOver(stack, rounds, handovers, say),
      });
      const { startedMs, endedMs } = turn.load;
      const underLoad = handovers.filter(({ replacedMs }) => replacedMs < endedMs);
      if (underLoad.length < rounds) say(`${rounds - underLoad.length} were not over when the last event was sent`);
      const gaps = await gapsOfPartitions(stack, turn);
      const during = underLoad.map(({ askedMs }, index) =>
        longest(gaps, askedMs - startedMs, (underLoad[index + 1]?.askedMs ?? endedMs) - startedMs),
      );
      const first = underLoad[0]?.askedMs ?? endedMs;
      const took = underLoad.map(({ askedMs, endedMs: goneMs }) => goneMs - askedMs);
      return {
        rows: [
          { name: 'workers asked to end', value: underLoad.length },
          { name: 'events per second', value: turn.eventsPerSecond },
          { name: 'longest gap of any partition, ms', value: Math.max(...during) },
          { name: 'longest gap of a handover, p50 ms', value: median(during) },
          { name: 'longest gap before the first handover, ms', value: longest(gaps, 0, first - startedMs) },
          { name: 'from SIGTERM to the end of the process, p50 ms', value: median(took) },
          { name: 'from SIGTERM to the end of the process, longest, ms', value: Math.max(...took) },
          { name: 'outcomes that are not known', value: await countExceptions(stack, sourceId) },
          { name: 'events, each delivered once', value: turn.events },
        ],
        plots: [
          {
            file: 'handover',
            title: 'Longest gap of any partition, by handover',
            x: { label: 'handover' },
            y: { label: 'milliseconds' },
            lines: [{ name: 'gap', points: during.map((ms, index) => [index + 1, ms]) }],
          },
        ],
        notes: [
          `${PARTITIONS} partitions. The older worker is asked each time, so nearly always it has them all; a new one starts when it has ended.`,
          'A gap is a time without an answer of the inlet to an event of a partition, while an event of it waited.',
        ],
      };
    } finally {
      await stack.stop();
    }
  },
};

async function handOver(
  stack: Stack,
  rounds: number,
  handovers: Handover[],
  say: (line: string) => void,
): Promise<void> {
  const workers: Program[] = [...stack.workers];
  const startMs = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    await delay(startMs + (QUIET_S + round * EVERY_S) * 1_000 - performance.now());
    const askedMs = nowMs();
    await workers.shift()?.stop();
    const endedMs = nowMs();
    workers.push(await stack.startWorker());
    handovers.push({ askedMs, endedMs, replacedMs: nowMs() });
    say(
      `${round + 1} of ${rounds}: ended after ${Math.round(endedMs - askedMs)} ms, replaced after ${Math.round(nowMs() - endedMs)} ms`,
    );
  }
}

/** As the load generator and the inlet tell times. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

async function gapsOfPartitions(
  stack: Stack,
  { takenAtMs, answeredAtMs }: { readonly takenAtMs: Float64Array; readonly answeredAtMs: Float64Array },
): Promise<Gap[]> {
  const partitionOf = await stack.inlet.partitions(PARTITIONS);
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const isOf = (_value: number, event: number) => partitionOf[event] === partition;
    return gapsOf(takenAtMs.filter(isOf), answeredAtMs.filter(isOf));
  }).flat();
}

/** Of the gaps that were there at some time between the two. */
function longest(gaps: readonly Gap[], fromMs: number, toMs: number): number {
  return gaps.reduce(
    (most, gap) => (gap.fromMs < toMs && gap.fromMs + gap.ms > fromMs ? Math.max(most, gap.ms) : most),
    0,
  );
}

/** Nothing looks for them here: what was ever unknown is still there. */
async function countExceptions(stack: Stack, sourceId: number): Promise<number> {
  const { rows } = await stack.database.pool.query<{ count: number }>(
    'select count(*)::integer as count from exception where source_id = $1',
    [sourceId],
  );
  return rows[0]?.count ?? Number.NaN;
}
