/** A destination that takes long for each answer: throughput is bounded by the configured concurrency. */
import { startStack } from '../rig/stack.js';
import { takeTurn } from '../rig/turn.js';
import type { Measure } from './measure.js';

const ANSWER_MS = 200;
const PARTITIONS = 4;
const CONCURRENCY = [32, 64, 128, 256];
const SECONDS = 15;
const WARM_UP_EVENTS = 6_000;

export const slowInlet: Measure = {
  name: 'slow-inlet',
  title: `An inlet that takes ${ANSWER_MS} ms for each answer`,
  async run({ programs, events, say }) {
    const stack = await startStack({ programs });
    try {
      const points: { readonly bound: number; readonly rate: number; readonly concurrency: number }[] = [];
      for (const concurrency of CONCURRENCY) {
        const bound = (PARTITIONS * concurrency * 1_000) / ANSWER_MS;
        const { targets } = await stack.addSource({ delivery: { partitions: PARTITIONS, concurrency } });
        const turn = (count: number) =>
          takeTurn({ stack, targets, events: count, connections: 256, inletDelayMs: ANSWER_MS });
        await turn(WARM_UP_EVENTS);
        const { eventsPerSecond: rate } = await turn(events ?? Math.min(bound, 4_000) * SECONDS);
        say(`${PARTITIONS} × ${concurrency}: ${Math.round(rate)}/s of ${bound}/s`);
        points.push({ bound, rate, concurrency });
      }
      return {
        rows: points.flatMap(({ concurrency, rate, bound }) => [
          { name: `${PARTITIONS} partitions × ${concurrency}: events per second`, value: rate },
          { name: `${PARTITIONS} partitions × ${concurrency}: bound by concurrency`, value: bound },
        ]),
        plots: [
          {
            file: 'slow-inlet',
            title: `An inlet that takes ${ANSWER_MS} ms for each answer`,
            x: { label: 'unanswered requests, configured' },
            y: { label: 'events per second' },
            lines: [
              { name: 'measured', points: points.map(({ concurrency, rate }) => [PARTITIONS * concurrency, rate]) },
              { name: 'bound', points: points.map(({ concurrency, bound }) => [PARTITIONS * concurrency, bound]) },
            ],
          },
        ],
      };
    } finally {
      await stack.stop();
    }
  },
};
