/** The table of ids as it grows: rate, write-ahead log and disk per event at 1, 10 and 100 million ids. */
import { startStack } from '../rig/stack.js';
import { takeIn } from '../rig/turn.js';
import { readBill, billBetween } from '../rig/bill/bill.js';
import type { Measure, Row } from './measure.js';

const PRESENT = [1_000_000, 10_000_000, 100_000_000];
/** Some minutes. */
const EVENTS = 1_000_000;
const PARTS = 8;
const CONNECTIONS = 256;
/** Above it the index is made once at the end and not row by row. */
const REBUILD_ABOVE = 2_000_000;

export const dedup: Measure = {
  name: 'dedup',
  title: 'Taking events in with 1, 10 and 100 million ids present',
  async run({ programs, events = EVENTS, say }) {
    const rows: Row[] = [];
    const rates: (readonly [number, number])[] = [];
    const wal: (readonly [number, number])[] = [];
    const disk: (readonly [number, number])[] = [];
    for (const present of PRESENT) {
      const stack = await startStack({ programs, workers: 0 });
      try {
        const source = await stack.addSource({ preloadedIds: present, rebuildIndex: present > REBUILD_ABOVE });
        say(`${present.toLocaleString('en-US')} ids loaded`);
        const take = (count: number) =>
          takeIn({ stack, targets: source.targets, events: count, connections: CONNECTIONS });
        await take(events / PARTS);
        const before = await readBill(stack);
        const partRates: number[] = [];
        for (let part = 0; part < PARTS; part += 1) {
          const { startedMs, endedMs } = await take(events / PARTS);
          partRates.push((events / PARTS / (endedMs - startedMs)) * 1_000);
        }
        const bill = billBetween(before, await readBill(stack));
        const rate = PARTS / partRates.reduce((sum, partRate) => sum + 1 / partRate, 0);
        rates.push([present, rate]);
        wal.push([present, bill.walBytes / events]);
        disk.push([present, bill.diskBytes / events]);
        const at = `${present / 1e6} million ids`;
        rows.push(
          { name: `${at}: events per second`, value: rate },
          { name: `${at}: slowest of ${PARTS} parts, events per second`, value: Math.min(...partRates) },
          { name: `${at}: WAL bytes per event`, value: bill.walBytes / events },
          { name: `${at}: bytes on disk per event`, value: bill.diskBytes / events },
        );
      } finally {
        await stack.stop();
      }
    }
    const x = { label: 'ids present', logarithmic: true };
    return {
      rows,
      plots: [
        {
          file: 'dedup-rate',
          title: 'Taking events in',
          x,
          y: { label: 'events per second' },
          lines: [{ name: 'rate', points: rates }],
        },
        {
          file: 'dedup-bytes',
          title: 'Written and kept',
          x,
          y: { label: 'bytes per event' },
          lines: [
            { name: 'WAL', points: wal },
            { name: 'disk', points: disk },
          ],
        },
      ],
    };
  },
};
