/** What keeping the whole chat costs: CPU time and bytes on disk per event, for short bodies and for transcripts. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Contents } from '../../src/domain/projection/projection.js';
import { billBetween, readBill } from '../rig/bill/bill.js';
import { type BenchBody, createTemplates, MESSAGES_OF_A_TRANSCRIPT } from '../rig/events.js';
import type { LoadTarget } from '../rig/load.js';
import { type Stack, startStack } from '../rig/stack.js';
import { takeTurn } from '../rig/turn.js';
import { type Measure, median, type Row } from './measure.js';

const ROUNDS = 3;
const EVENTS = 40_000;
/** A transcript is as much work as some short events. */
const SHORT_PER_TRANSCRIPT = 5;
const CONNECTIONS = 64;
/** Until the drains have ended. */
const GOING_IDLE_MS = 4_000;
/** Of which the mean length is taken. */
const SAMPLE = 512;

const FORMS: readonly { readonly name: string; readonly contents?: Contents }[] = [
  { name: 'cut, as by 0.1.x' },
  { name: 'compact', contents: 'compact' },
  { name: 'full', contents: 'full' },
];
const BODIES: readonly { readonly name: string; readonly like: BenchBody }[] = [
  { name: 'short', like: 'short' },
  { name: `transcript of ${MESSAGES_OF_A_TRANSCRIPT} messages`, like: 'transcript' },
];
const PROCESSES = ['receiver', 'worker', 'PostgreSQL'] as const;

export const contents: Measure = {
  name: 'contents',
  title: 'What keeping the whole chat costs',
  async run({ programs, events = EVENTS, rounds = ROUNDS, profileDir, say }) {
    const stack = await startStack({ programs, profileDir });
    try {
      const sources = [];
      for (const form of FORMS) sources.push({ form, ...(await stack.addSource({ contents: form.contents })) });
      const rows: Row[] = [];
      for (const { name: body, like } of BODIES) {
        const count = like === 'short' ? events : Math.ceil(events / SHORT_PER_TRANSCRIPT);
        for (const { targets } of sources) await spend({ stack, targets, like, count: Math.ceil(count / 4) });
        const spent = new Map(FORMS.map(({ name }) => [name, [] as Spent[]]));
        for (let round = 1; round <= rounds; round += 1) {
          for (const { form, targets } of sources) {
            const one = await spend({ stack, targets, like, count });
            spent.get(form.name)?.push(one);
            say(`${body}, ${form.name}: ${[...one].map(([what, value]) => `${what} ${Math.round(value)}`).join('; ')}`);
          }
        }
        rows.push({ name: `${body}: bytes of the body`, value: meanBytes(like) });
        for (const { name: form } of FORMS) rows.push(...rowsOf(`${body}, ${form}`, spent.get(form) ?? []));
      }
      return {
        rows,
        plots: [],
        notes: [
          `Bytes: median of ${rounds} rounds, the forms in turn; from an empty log, so that the ids grow the tables too.`,
          'CPU time: the least of the rounds, because whoever else uses the machine only adds to it.',
        ],
      };
    } finally {
      await stack.stop();
    }
  },
};

/** Per event, by what is spent. */
type Spent = ReadonlyMap<string, number>;

async function spend(of: {
  readonly stack: Stack;
  readonly targets: readonly LoadTarget[];
  readonly like: BenchBody;
  readonly count: number;
}): Promise<Spent> {
  const { stack, targets, like, count } = of;
  const before = await readBill(stack);
  const { cpuMicros } = await takeTurn({
    stack,
    targets,
    events: count,
    body: like,
    connections: CONNECTIONS,
    groups: stack.groups,
  });
  await delay(GOING_IDLE_MS);
  const { diskBytes, walBytes } = billBetween(before, await readBill(stack));
  const cpu = PROCESSES.map((name) => [`CPU of ${name}, µs`, cpuMicros[name] ?? 0] as const);
  return new Map([
    ['bytes on disk', diskBytes / count],
    ['WAL bytes', walBytes / count],
    ...cpu,
    ['CPU of the three, µs', cpu.reduce((sum, [, micros]) => sum + micros, 0)],
  ]);
}

function rowsOf(of: string, rounds: readonly Spent[]): Row[] {
  return [...(rounds[0]?.keys() ?? [])].map((what) => {
    const values = rounds.map((spent) => spent.get(what) ?? Number.NaN);
    const value = what.startsWith('CPU') ? Math.min(...values) : median(values);
    return { name: `${of}: ${what} per event`, value };
  });
}

function meanBytes(like: BenchBody): number {
  return createTemplates(0, SAMPLE, like).reduce((sum, { body }) => sum + body.length, 0) / SAMPLE;
}
