/** An inlet that leaves one request in a hundred unanswered for a minute: the others must not wait for it. */
import type { Line } from '../report/plot.js';
import { startStack } from '../rig/stack.js';
import { takeTurn, type Turn } from '../rig/turn.js';
import type { Measure } from './measure.js';

const HANG = { every: 100, ms: 60_000 };
/** Above the hang: a late answer is an answer. */
const DELIVERY = { requestTimeoutMs: 90_000 };
const EVENTS = 200_000;
const WARM_UP_EVENTS = 20_000;
const CONNECTIONS = 256;
/** Of all that do not hang, when the rate is taken. */
const MOST = 0.98;

export const hanging: Measure = {
  name: 'hanging',
  title: 'One request in a hundred hangs for 60 seconds',
  async run({ programs, events = EVENTS }) {
    const stack = await startStack({ programs });
    try {
      const { targets } = await stack.addSource({ delivery: DELIVERY });
      const run = (count: number) => takeTurn({ stack, targets, events: count, connections: CONNECTIONS });
      await run(Math.min(WARM_UP_EVENTS, events));
      const well = await run(events);
      const hung = await takeTurn({ stack, targets, events, connections: CONNECTIONS, inletHang: HANG });
      return {
        rows: [
          { name: 'events per second, none hangs', value: rateOf(well) },
          { name: 'events per second of those that do not hang', value: rateOf(hung) },
          { name: 'events that hung', value: hung.answeredAtMs.length / HANG.every },
          { name: 'events in all, each delivered once', value: hung.events },
        ],
        plots: [
          {
            file: 'hanging',
            title: 'Delivered while one request in a hundred hangs for 60 s',
            x: { label: 'seconds' },
            y: { label: 'events' },
            lines: [lineOf('none hangs', well), lineOf('1 % hangs', hung)],
          },
        ],
      };
    } finally {
      await stack.stop();
    }
  },
};

function rateOf({ answeredAtMs }: Turn): number {
  const sorted = [...answeredAtMs].sort((a, b) => a - b);
  const count = Math.floor(sorted.length * MOST);
  return (count / (sorted[count - 1] ?? Number.NaN)) * 1_000;
}

function lineOf(name: string, { answeredAtMs }: Turn): Line {
  const sorted = [...answeredAtMs].sort((a, b) => a - b);
  const step = Math.max(1, Math.floor(sorted.length / 200));
  return {
    name,
    points: sorted.flatMap((ms, index) => (index % step === 0 ? [[ms / 1_000, index] as const] : [])),
  };
}
