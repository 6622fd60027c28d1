/** Events taken while the destination is away, then delivered. */
import { Client, Connection } from '@temporalio/client';
import { FORWARDER_MESSAGES } from '../../src/domain/delivery/forwarder.js';
import { forwarderWorkflowId } from '../../src/domain/source/source.js';
import { readBill } from '../rig/bill/bill.js';
import { sampleMemory } from '../rig/samples.js';
import { type Stack, startStack } from '../rig/stack.js';
import { takeTurn } from '../rig/turn.js';
import type { Measure } from './measure.js';

const EVENTS = 2_000_000;
const PRELOADED_IDS = 1_000_000;
const GIBIBYTE = 2 ** 30;

export const backlog: Measure = {
  name: 'backlog',
  title: 'A backlog of an outage, then drained',
  async run({ programs, events = EVENTS, say }) {
    const stack = await startStack({ programs });
    try {
      const { targets, name } = await stack.addSource({ preloadedIds: PRELOADED_IDS });
      await takeTurn({ stack, targets, events: 10_000, connections: 64 });
      await stack.inlet.close();
      const memory = sampleMemory(stack.groups, 5_000);
      const before = await readBill(stack, name);
      let taken = { atMs: 0, diskBytes: 0 };
      const turn = await takeTurn({
        stack,
        targets,
        events,
        connections: 256,
        async taken() {
          taken = {
            atMs: performance.timeOrigin + performance.now(),
            diskBytes: (await readBill(stack, name)).diskBytes,
          };
          say(`${events} events taken`);
          await stack.inlet.open();
          await probeNow(stack, name);
        },
      });
      const { load, seconds } = turn;
      const drainSeconds = load.startedMs / 1_000 + seconds - taken.atMs / 1_000;
      return {
        rows: [
          { name: 'events, each delivered once', value: turn.events },
          {
            name: 'taken during the outage, events per second',
            value: events / ((load.endedMs - load.startedMs) / 1_000),
          },
          { name: 'drained afterwards, events per second', value: events / drainSeconds },
          { name: 'seconds to drain', value: drainSeconds },
          {
            name: 'GiB on disk when all were taken',
            value: (taken.diskBytes - before.diskBytes) / GIBIBYTE,
            digits: 2,
          },
          { name: 'bytes on disk per event', value: (taken.diskBytes - before.diskBytes) / events },
        ],
        plots: [
          {
            file: 'backlog-memory',
            title: `Memory while ${events.toLocaleString('en-US')} events pile up and drain`,
            x: { label: 'seconds' },
            y: { label: 'MiB' },
            lines: memory.stop(),
          },
        ],
      };
    } finally {
      await stack.stop();
    }
  },
};

/** As a person does who knows that the destination is back; by itself the forwarder probes at growing intervals. */
async function probeNow(stack: Stack, sourceName: string): Promise<void> {
  const connection = await Connection.connect({ address: stack.temporal.address });
  try {
    const { workflow } = new Client({ connection, namespace: stack.temporal.namespace });
    await workflow
      .getHandle(forwarderWorkflowId(sourceName))
      .executeUpdate(FORWARDER_MESSAGES.resume, { args: [{ by: 'bench' }] });
  } finally {
    await connection.close();
  }
}
