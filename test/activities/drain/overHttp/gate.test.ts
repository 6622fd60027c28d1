import { describe, expect, it } from 'vitest';
import type { Database } from '../../../../src/store/connection/database.js';
import { claimPartition } from '../../../../src/store/delivery/claim.js';
import { checkQuiet, closeGate, readGate } from '../../../../src/store/delivery/gate.js';
import { type Bench, everyOnce, withBench } from './bench.js';

const bench = withBench();

async function quiet({ database, sourceId }: Bench): Promise<void> {
  await expect.poll(() => checkQuiet(database, sourceId), { timeout: 10_000, interval: 20 }).toEqual({ quiet: true });
}

/** Runs drains one after the other, as the forwarder does, until the log is empty. */
async function drainAll({ database, sourceId, drain }: Bench): Promise<void> {
  for (;;) {
    const { end } = await drain().report;
    if (end.kind === 'idle') return;
    if (end.kind === 'gate') await untilOpen(database, sourceId);
  }
}

async function untilOpen(database: Database, sourceId: number): Promise<void> {
  await expect.poll(() => readGate(database, sourceId), { timeout: 10_000 }).toMatchObject({ opensInMs: 0 });
}

describe('gate', () => {
  it('lets nothing through between its closing and the time at which it opens, under load', async () => {
    const { database, sourceId, open, log, inlet } = bench();
    await open();
    inlet.behave(() => ({ acceptAfterMs: 5 }));
    const ids = await log(1_200);
    const delivering = drainAll(bench());
    const pauses: { readonly from: number; readonly to: number }[] = [];
    for (const after of [100, 300, 500]) {
      await inlet.arrived(after);
      await closeGate(database, sourceId, 'the flow is being changed');
      await quiet(bench());
      const from = Date.now();
      const to = from + 400;
      await open(new Date(to));
      pauses.push({ from, to });
    }
    await delivering;
    for (const { from, to } of pauses) expect(inlet.arrivals.filter((at) => at > from && at < to)).toEqual([]);
    expect(everyOnce(inlet.posts, ids)).toBe(true);
  });

  it('gives no intent while it is closed, and says why', async () => {
    const { database, sourceId, open, log, drain, inlet } = bench();
    await open();
    await log(5);
    await closeGate(database, sourceId, 'paused by ana');
    expect((await drain().report).end).toMatchObject({ kind: 'gate', gate: { open: false, reason: 'paused by ana' } });
    await open(new Date(Date.now() + 60_000));
    const { end } = await drain().report;
    expect(end).toMatchObject({ kind: 'gate', gate: { open: true } });
    expect(end.kind === 'gate' ? end.gate.opensInMs : 0).toBeGreaterThan(50_000);
    expect(inlet.arrivals).toEqual([]);
  });

  it('becomes quiet without a forwarder when a drain has died', async () => {
    const { database, sourceId, open, log } = bench();
    await open();
    await log(5);
    const claimed = await claimPartition(database, { sourceId, partition: 0, holder: 'dead', leaseMs: 500 });
    expect(claimed.state).toBe('claimed');
    await closeGate(database, sourceId, 'test');
    expect(await checkQuiet(database, sourceId)).toMatchObject({ quiet: false });
    await quiet(bench());
  });

  it('waits for requests that are unanswered', async () => {
    const { database, sourceId, open, log, drain, inlet, exceptions } = bench();
    await open();
    inlet.behave(() => ({ acceptAfterMs: 2_600 }));
    await log(1);
    await drain().report;
    await closeGate(database, sourceId, 'test');
    expect(await checkQuiet(database, sourceId)).toMatchObject({
      quiet: false,
      waitingFor: '1 unanswered attempt(s)',
    });
    await quiet(bench());
    expect(await exceptions()).toEqual([]);
  });
});
