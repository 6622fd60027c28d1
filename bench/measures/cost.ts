/** The bill: bytes on disk, bytes of write-ahead log and Temporal operations per event, at four rates. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Plot } from '../report/plot.js';
import { type Bill, billBetween, readBill } from '../rig/bill/bill.js';
import { startStack } from '../rig/stack.js';
import { takeTurn } from '../rig/turn.js';
import type { Measure, Row } from './measure.js';

const PRELOADED_IDS = 1_000_000;
/** Until the drains have ended: what a burst costs includes going idle again. */
const GOING_IDLE_MS = 8_000;
const WINDOWS = [
  { rate: '0.01', perSecond: 0.01, events: 3 },
  { rate: '1', perSecond: 1, events: 120 },
  { rate: '100', perSecond: 100, events: 6_000 },
  { rate: 'full', perSecond: undefined, events: 200_000 },
] as const;

export const cost: Measure = {
  name: 'cost',
  title: 'What an event costs beside time',
  async run({ programs, say }) {
    const stack = await startStack({ programs });
    try {
      const { targets, name } = await stack.addSource({ preloadedIds: PRELOADED_IDS });
      const rows: Row[] = [];
      const bills: { readonly rate: number; readonly events: number; readonly bill: Bill }[] = [];
      await takeTurn({ stack, targets, events: 1_000, connections: 16 });
      for (const { rate, perSecond, events } of WINDOWS) {
        await delay(GOING_IDLE_MS);
        const before = await readBill(stack, name);
        const { seconds } = await takeTurn({
          stack,
          targets,
          events,
          connections: perSecond === undefined ? 256 : 16,
          perSecond,
        });
        await delay(GOING_IDLE_MS);
        const bill = billBetween(before, await readBill(stack, name));
        bills.push({ rate: events / seconds, events, bill });
        say(`${events} events at ${rate}/s took ${Math.round(seconds)} s`);
        const per = (what: string, total: number, digits: number): Row => ({
          name: `${rate}/s: ${what} per event`,
          value: total / events,
          digits,
        });
        rows.push(
          per('WAL bytes', bill.walBytes, 0),
          per('bytes on disk, PostgreSQL', bill.diskBytes, 0),
          per('bytes on disk, Temporal', bill.temporalDiskBytes, 0),
          per('Temporal requests', bill.temporalRequests, 4),
          per('Temporal actions', bill.temporalActions, 4),
        );
      }
      return {
        rows,
        plots: [
          plotOf(bills, 'cost-bytes', 'Bytes per event', [
            ['write-ahead log', ({ walBytes }) => walBytes],
            ['disk, PostgreSQL', ({ diskBytes }) => diskBytes],
            ['disk, Temporal', ({ temporalDiskBytes }) => temporalDiskBytes],
          ]),
          plotOf(bills, 'cost-temporal', 'Temporal operations per event', [
            ['requests', ({ temporalRequests }) => temporalRequests],
            ['actions', ({ temporalActions }) => temporalActions],
          ]),
        ],
        notes: [
          'Windows: 3 events in 200 s, 120 in 2 min, 6,000 in 1 min, 200,000 as fast as they are taken; each with 16 s of rest.',
          "Actions are counted in the forwarder's history (starts, signals, activities, timers, upserts) and heartbeats beside it.",
          "Temporal's bytes include SQLite's write-ahead log, which its dev server uses again from 4 MB on: in a short window they say little.",
        ],
      };
    } finally {
      await stack.stop();
    }
  },
};

function plotOf(
  bills: readonly { readonly rate: number; readonly events: number; readonly bill: Bill }[],
  file: string,
  title: string,
  what: readonly (readonly [name: string, of: (bill: Bill) => number])[],
): Plot {
  return {
    file,
    title,
    x: { label: 'events per second', logarithmic: true },
    y: { label: 'per event', logarithmic: true },
    lines: what.map(([name, of]) => ({
      name,
      // Nothing has no place on a logarithmic axis.
      points: bills
        .map(({ rate, events, bill }) => [rate, of(bill) / events] as const)
        .filter(([, value]) => value > 0),
    })),
  };
}
