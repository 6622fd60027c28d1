/** How throughput grows with partitions, workers and receivers. */
import { startStack } from '../rig/stack.js';
import { takeTurn } from '../rig/turn.js';
import type { Measure, MeasureOptions, Row } from './measure.js';

const PARTITIONS = [1, 2, 4, 8, 16];
const PROCESSES = [1, 2, 4];
const EVENTS = 60_000;
const CONNECTIONS = 256;
const PRELOADED_IDS = 1_000_000;

export const growth: Measure = {
  name: 'growth',
  title: 'End to end with more partitions, workers and receivers',
  async run(options: MeasureOptions) {
    const partitions = await overPartitions(options);
    const workers = await overProcesses(options, 'workers');
    const receivers = await overProcesses(options, 'receivers');
    const rows = [
      ...rowsOf('partition(s)', partitions),
      ...rowsOf('worker(s)', workers),
      ...rowsOf('receiver(s)', receivers),
    ];
    const plot = {
      file: 'growth',
      title: 'End to end on one machine',
      x: { label: 'how many', logarithmic: true },
      y: { label: 'events per second' },
      lines: [
        { name: 'partitions', points: partitions },
        { name: 'workers', points: workers },
        { name: 'receivers', points: receivers },
      ],
    };
    return {
      rows,
      plots: [plot],
      notes: ['All processes share the machine: more of them help only while a core is idle.'],
    };
  },
};

type Points = (readonly [count: number, eventsPerSecond: number])[];

async function overPartitions({ programs, events = EVENTS, say }: MeasureOptions): Promise<Points> {
  const stack = await startStack({ programs });
  try {
    const points: Points = [];
    for (const partitions of PARTITIONS) {
      const { targets } = await stack.addSource({ delivery: { partitions }, preloadedIds: PRELOADED_IDS });
      await takeTurn({ stack, targets, events: events / 4, connections: CONNECTIONS });
      const { eventsPerSecond } = await takeTurn({ stack, targets, events, connections: CONNECTIONS });
      say(`${partitions} partition(s): ${Math.round(eventsPerSecond)}/s`);
      points.push([partitions, eventsPerSecond]);
    }
    return points;
  } finally {
    await stack.stop();
  }
}

async function overProcesses(
  { programs, events = EVENTS, say }: MeasureOptions,
  what: 'workers' | 'receivers',
): Promise<Points> {
  const points: Points = [];
  for (const count of PROCESSES) {
    const stack = await startStack({ programs, [what]: count });
    try {
      const { targets } = await stack.addSource({ preloadedIds: PRELOADED_IDS });
      await takeTurn({ stack, targets, events: events / 4, connections: CONNECTIONS });
      const { eventsPerSecond } = await takeTurn({ stack, targets, events, connections: CONNECTIONS });
      say(`${count} ${what}: ${Math.round(eventsPerSecond)}/s`);
      points.push([count, eventsPerSecond]);
    } finally {
      await stack.stop();
    }
  }
  return points;
}

function rowsOf(what: string, points: Points): Row[] {
  return points.map(([count, value]) => ({ name: `events per second, ${count} ${what}`, value }));
}
