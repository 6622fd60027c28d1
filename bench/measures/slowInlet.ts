/** A destination that takes long for each answer: throughput is bounded by the configured concurrency. */
import { startStack } from '../rig/stack.js';
import { takeTurn } from '../rig/turn.js';
import type { Measure } from './measure.js';

const ANSWER_MS = 200;
const DELIVERY = { partitions: 4, concurrency: 128 };
const EVENTS = 60_000;

export const slowInlet: Measure = {
  name: 'slow-inlet',
  title: `An inlet that takes ${ANSWER_MS} ms for each answer`,
  async run({ programs, events = EVENTS }) {
    const stack = await startStack({ programs });
    try {
      const { targets } = await stack.addSource({ delivery: DELIVERY });
      const turn = (count: number) =>
        takeTurn({ stack, targets, events: count, connections: 256, inletDelayMs: ANSWER_MS });
      await turn(events / 10);
      const { eventsPerSecond } = await turn(events);
      const bound = (DELIVERY.partitions * DELIVERY.concurrency * 1_000) / ANSWER_MS;
      return {
        rows: [
          { name: 'events per second', value: eventsPerSecond },
          {
            name: `bound: ${DELIVERY.partitions} partitions × ${DELIVERY.concurrency} at ${ANSWER_MS} ms`,
            value: bound,
          },
        ],
        plots: [],
      };
    } finally {
      await stack.stop();
    }
  },
};
