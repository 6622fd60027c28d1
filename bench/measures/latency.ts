/** How long a webhook waits for its answer, and how long its event then takes to the inlet. */
import { startStack } from '../rig/stack.js';
import { takeTurn, type Turn } from '../rig/turn.js';
import { type Measure, median, type Row } from './measure.js';

/** Longer than a drain watches an empty log: each event finds everything idle. */
const IDLE_PAUSE_S = 7;
const PRELOADED_IDS = 1_000_000;

export const latency: Measure = {
  name: 'latency',
  title: 'Acknowledging a webhook, and delivering its event',
  async run({ programs, events: most = Number.POSITIVE_INFINITY, say }) {
    const stack = await startStack({ programs });
    try {
      const { targets } = await stack.addSource({ preloadedIds: PRELOADED_IDS });
      const turn = (events: number, connections: number, perSecond?: number): Promise<Turn> => {
        say(`${events} events over ${connections} connection(s)${perSecond === undefined ? '' : `, ${perSecond}/s`}`);
        return takeTurn({ stack, targets, events, connections, perSecond });
      };
      await turn(Math.min(20_000, most), 64);
      const idle = await turn(15, 1, 1 / IDLE_PAUSE_S);
      const quiet = await turn(300, 1, 10);
      const loads: (readonly [number, Turn])[] = [];
      for (const [connections, events] of [
        [1, 3_000],
        [64, 40_000],
        [256, 60_000],
      ] as const) {
        loads.push([connections, await turn(Math.min(events, most), connections)]);
      }
      return {
        rows: [
          ...acknowledged(`one event each ${IDLE_PAUSE_S} s`, idle),
          {
            name: `delivered after the answer, one event each ${IDLE_PAUSE_S} s, p50 ms`,
            value: median([...idle.deliveryMs]),
            digits: 1,
          },
          ...acknowledged('10 events a second', quiet),
          {
            name: 'delivered after the answer, 10 events a second, p50 ms',
            value: median([...quiet.deliveryMs]),
            digits: 1,
          },
          ...loads.flatMap(([connections, of]) =>
            acknowledged(`${connections} connection(s), as fast as answered`, of),
          ),
        ],
        plots: [
          {
            file: 'latency',
            title: 'Acknowledging a webhook, as fast as answered',
            x: { label: 'connections', logarithmic: true },
            y: { label: 'milliseconds', logarithmic: true },
            lines: [
              { name: 'p50', points: loads.map(([connections, { load }]) => [connections, load.p50Ms]) },
              { name: 'p99', points: loads.map(([connections, { load }]) => [connections, load.p99Ms]) },
            ],
          },
        ],
      };
    } finally {
      await stack.stop();
    }
  },
};

function acknowledged(when: string, { load }: Turn): Row[] {
  return [
    { name: `acknowledged, ${when}, p50 ms`, value: load.p50Ms, digits: 1 },
    { name: `acknowledged, ${when}, p99 ms`, value: load.p99Ms, digits: 1 },
  ];
}
