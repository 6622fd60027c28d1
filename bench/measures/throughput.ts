/** End to end, HTTP in to HTTP out, against the ceiling: the same load, the same inlet, in turn. */
import { cpus } from 'node:os';
import { startCeiling } from '../rig/ceiling.js';
import { startStack } from '../rig/stack.js';
import { sampleMemory } from '../rig/samples.js';
import { takeTurn, type Turn } from '../rig/turn.js';
import type { Measure, MeasureOptions, Result } from './measure.js';
import { median } from './measure.js';
import type { Line } from '../report/plot.js';

const ROUNDS = 3;
const EVENTS = 500_000;
const CEILING_EVENTS = 150_000;
const WARM_UP_EVENTS = 40_000;
const CONNECTIONS = 256;
const PRELOADED_IDS = 1_000_000;

export const throughput: Measure = {
  name: 'throughput',
  title: 'End to end, HTTP in to HTTP out, against a proxy without durability',
  async run({ programs, events = EVENTS, profileDir, rounds = ROUNDS, say }: MeasureOptions): Promise<Result> {
    const stack = await startStack({ programs, profileDir });
    try {
      const source = await stack.addSource({ preloadedIds: PRELOADED_IDS });
      const ceiling = await startCeiling(stack);
      const product = (count: number) =>
        takeTurn({ stack, targets: source.targets, events: count, connections: CONNECTIONS, groups: stack.groups });
      const bare = (count: number) => takeTurn({ ...ceiling, stack, events: count, connections: CONNECTIONS });
      try {
        await bare(Math.min(WARM_UP_EVENTS, events));
        await product(Math.min(WARM_UP_EVENTS, events));
        const memory = sampleMemory(stack.groups);
        const turns: { readonly ceiling: Turn; readonly product: Turn }[] = [];
        for (let round = 1; round <= rounds; round += 1) {
          const turn = { ceiling: await bare(Math.min(CEILING_EVENTS, events)), product: await product(events) };
          turns.push(turn);
          say(`round ${round}: ceiling ${perSecond(turn.ceiling)}, product ${perSecond(turn.product)}`);
        }
        return summarise(turns, memory.stop());
      } finally {
        await ceiling.stop();
      }
    } finally {
      await stack.stop();
    }
  },
};

function summarise(turns: readonly { readonly ceiling: Turn; readonly product: Turn }[], memory: Line[]): Result {
  const ratio = median(turns.map(({ ceiling, product }) => product.eventsPerSecond / ceiling.eventsPerSecond));
  const rate = (of: 'ceiling' | 'product') => median(turns.map((turn) => turn[of].eventsPerSecond));
  const costs = (of: 'ceiling' | 'product') => {
    const names = Object.keys(turns[0]?.[of].cpuMicros ?? {});
    return names.map((name) => ({ name, micros: median(turns.map((turn) => turn[of].cpuMicros[name] ?? 0)) }));
  };
  const total = (of: 'ceiling' | 'product') => costs(of).reduce((sum, { micros }) => sum + micros, 0);
  return {
    rows: [
      { name: 'events per second, ceiling', value: rate('ceiling') },
      { name: 'events per second, product', value: rate('product') },
      { name: 'ratio (median of the rounds)', value: ratio, digits: 2 },
      { name: 'ratio by CPU time', value: ratioByCpu(costs('ceiling'), costs('product')), digits: 2 },
      ...costs('ceiling').map(({ name, micros }) => ({ name: `ceiling: CPU of ${name}, µs per event`, value: micros })),
      { name: 'ceiling: CPU in all, µs per event', value: total('ceiling') },
      ...costs('product').map(({ name, micros }) => ({ name: `product: CPU of ${name}, µs per event`, value: micros })),
      { name: 'product: CPU in all, µs per event', value: total('product') },
      {
        name: 'product: CPU of the whole machine, µs per event',
        value: median(turns.map(({ product }) => product.machineMicros)),
      },
      { name: 'events of a round, each counted once', value: turns[0]?.product.events ?? 0 },
    ],
    plots: [
      {
        file: 'throughput-memory',
        title: 'Memory over the rounds, at full rate',
        x: { label: 'seconds' },
        y: { label: 'MiB' },
        lines: memory,
      },
    ],
  };
}

interface Cost {
  readonly name: string;
  readonly micros: number;
}

/**
 * What the ratio would be were nothing else running: each side bounded by all cores together and by its busiest process,
 * whose JavaScript has one thread. Other load on the machine moves this far less than it moves rates.
 */
function ratioByCpu(ceiling: readonly Cost[], product: readonly Cost[]): number {
  const micros = (costs: readonly Cost[]): number => {
    const threads = costs.filter(({ name }) => name !== 'PostgreSQL' && name !== 'Temporal');
    const inAll = costs.reduce((sum, cost) => sum + cost.micros, 0);
    return Math.max(inAll / cpus().length, ...threads.map((cost) => cost.micros));
  };
  return micros(ceiling) / micros(product);
}

function perSecond({ eventsPerSecond }: Turn): string {
  return `${Math.round(eventsPerSecond)}/s`;
}
