/**
 * Many sources on one worker: what they cost while nothing comes, how long an event takes when all send, and how long people and
 * machines wait for an answer. With growing numbers, because what grows with them breaks first.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { askCommand, type Asked, askMetrics } from '../rig/many/asked.js';
import { type Ceiling, startCeiling } from '../rig/ceiling.js';
import type { LoadTarget } from '../rig/load.js';
import { addLiveSources, untilIdle } from '../rig/many/manySources.js';
import { startStack, type Stack } from '../rig/stack.js';
import { readTemporalRequests, requestsBetween, total } from '../rig/many/temporalRequests.js';
import { takeTurn, type Turn } from '../rig/turn.js';
import { cpuBetween, usageOf } from '../rig/usage.js';
import { type Measure, median, type Row } from './measure.js';

const COUNTS = [300, 1_000, 3_000];
/** Each source has an event more often than a drain watches an empty log, so that none goes idle. */
const EVENTS_PER_SECOND_OF_THREE_SOURCES = 1;
const SECONDS = 60;
/** All drains have their turn. */
const WARM_UP_SECONDS = 15;
/** Of a worker that has just counted and looked at everything. */
const SETTLES_MS = 20_000;
const IDLE_SECONDS = 60;
const ANSWERS = 5;
const MEBIBYTE = 2 ** 20;

export const sources: Measure = {
  name: 'sources',
  title: 'Many live sources, one worker',
  async run({ programs, sizes = COUNTS, say, profileDir }) {
    const stack = await startStack({ programs, profileDir });
    try {
      const ceiling = await startCeiling(stack);
      const rows: Row[] = [];
      const targets: LoadTarget[] = [];
      for (const count of sizes) {
        const added = await addLiveSources(stack, count - targets.length);
        targets.push(...added.flatMap((source) => source.targets));
        await untilIdle(stack, count);
        const told = (some: readonly Row[]): void => {
          rows.push(...some.map((row) => ({ ...row, name: `${count} sources: ${row.name}` })));
          say(
            `${count} sources: ${some.map(({ name, value, digits = 0 }) => `${name} ${value.toFixed(digits)}`).join(', ')}`,
          );
        };
        await delay(SETTLES_MS);
        told(await idle(stack, say));
        told(await answers(stack));
        told(await sending({ stack, ceiling, targets }));
        await untilIdle(stack, count);
      }
      await ceiling.stop();
      return { rows, plots: [], notes: NOTES };
    } finally {
      await stack.stop();
    }
  },
};

const NOTES = [
  'Idle: one minute in which nothing comes. Requests at Temporal are counted by its server, long polls apart.',
  'At once: every source has one event in the same moment, after none had any for a while. Steady: each has one in three seconds.',
  'Ratio to the ceiling: how soon all of these events were at the inlet, against the same events through `bench/ceiling.ts`.',
];

async function idle(stack: Stack, say: (line: string) => void): Promise<Row[]> {
  const [usage, requests] = [usageOf(stack.groups), await readTemporalRequests(stack)];
  await delay(IDLE_SECONDS * 1_000);
  const [usageAfter, requestsAfter] = [usageOf(stack.groups), await readTemporalRequests(stack)];
  const cpu = cpuBetween(usage, usageAfter);
  const asked = requestsBetween(requests, requestsAfter);
  say(
    [...asked.asked]
      .filter(([, count]) => count > 0)
      .map(([operation, count]) => `${operation} ${count}`)
      .join(', '),
  );
  const { rows } = await stack.database.pool.query<{ count: number }>(
    `select count(*) as count from pg_stat_activity where application_name = 'chatlio-aep worker'`,
  );
  return [
    ...[...cpu].map(([name, seconds]) => ({ name: `idle, CPU seconds a minute, ${name}`, value: seconds, digits: 2 })),
    { name: 'idle, requests at Temporal a second', value: total(asked) / IDLE_SECONDS, digits: 2 },
    { name: 'idle, long polls at Temporal a second', value: asked.polls / IDLE_SECONDS, digits: 2 },
    {
      name: "idle, the worker's memory, MiB",
      value: (usageAfter.find(({ name }) => name === 'worker')?.memoryBytes ?? 0) / MEBIBYTE,
    },
    { name: "the worker's connections to PostgreSQL", value: rows[0]?.count ?? 0 },
  ];
}

async function answers(stack: Stack): Promise<Row[]> {
  const metrics = await severalTimes(() => askMetrics(stack));
  const status = await severalTimes(() => askCommand(stack, ['status']));
  const json = await severalTimes(() => askCommand(stack, ['--output', 'json', 'status']));
  return [
    { name: '/metrics, ms', value: metrics.ms },
    { name: '/metrics, KiB', value: metrics.bytes / 1_024 },
    { name: 'status, ms', value: status.ms },
    { name: 'status as JSON, ms', value: json.ms },
  ];
}

/** The median, and what is longer than the newest figures may be old. */
async function severalTimes(ask: () => Promise<Asked>): Promise<Asked> {
  const all: Asked[] = [];
  for (let time = 0; time < ANSWERS; time += 1) {
    all.push(await ask());
    await delay(1_000);
  }
  return { ms: median(all.map(({ ms }) => ms)), bytes: median(all.map(({ bytes }) => bytes)) };
}

interface Senders {
  readonly stack: Stack;
  readonly ceiling: Ceiling;
  readonly targets: readonly LoadTarget[];
}

async function sending({ stack, ceiling, targets }: Senders): Promise<Row[]> {
  const count = targets.length;
  const bare = await takeTurn({ stack, ...ceiling, events: count, connections: count });
  const once = await takeTurn({ stack, targets, events: count, connections: count });
  const perSecond = (count * EVENTS_PER_SECOND_OF_THREE_SOURCES) / 3;
  const turn = (seconds: number) =>
    takeTurn({
      stack,
      targets,
      events: Math.ceil(seconds * perSecond),
      connections: count,
      perSecond,
      groups: stack.groups,
    });
  await turn(WARM_UP_SECONDS);
  const steady = await turn(SECONDS);
  return [
    ...delivered('at once', once),
    { name: 'at once, ratio to the ceiling', value: bare.seconds / once.seconds, digits: 3 },
    ...delivered('steady', steady),
    {
      name: 'steady, CPU of the worker, part of a core',
      value: ((steady.cpuMicros['worker'] ?? 0) * perSecond) / 1e6,
      digits: 2,
    },
  ];
}

/** From the answered webhook, when it is in the log, to the inlet's answer. */
function delivered(when: string, { deliveryMs }: Turn): Row[] {
  const sorted = deliveryMs.toSorted();
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return [
    { name: `${when}, from log to outcome, p50 ms`, value: at(0.5) },
    { name: `${when}, p90 ms`, value: at(0.9) },
    { name: `${when}, p99 ms`, value: at(0.99) },
    { name: `${when}, longest ms`, value: at(1) },
  ];
}
