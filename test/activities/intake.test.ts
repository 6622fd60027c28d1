import { describe, expect, it } from 'vitest';
import { intakeReport } from '../../src/activities/inquiry/intake.js';
import { openGate } from '../../src/store/delivery/gate.js';
import { withHeldSource } from './held/source.js';

const source = withHeldSource();

describe('the question of how many events there are', () => {
  it('is answered from the database, with arrivals that were held', async () => {
    const { database, name, hold, holdRaw } = source();
    await hold(2, 'unknown');
    await holdRaw('not JSON', 'feedback');
    const { counted, gate } = await intakeReport(database, { v: 1, ask: 'intake', name });
    expect(counted?.counters).toMatchObject({ taken: 3, parts: { held: 3 }, heldBy: { unknown: 2, unreadable: 1 } });
    expect(Math.abs(Date.parse(counted?.asOf ?? '') - Date.now())).toBeLessThan(60_000);
    expect(gate?.open).toBe(false);
  });

  it('gives a reason only while the gate keeps events back', async () => {
    const { database, name, sourceId } = source();
    const gate = async () => (await intakeReport(database, { v: 1, ask: 'intake', name })).gate;
    await openGate(database, {
      sourceId,
      flowId: 'f',
      inletSealed: Buffer.alloc(1),
      opensAt: new Date(Date.now() + 60_000),
    });
    expect(await gate()).toMatchObject({ open: true, reason: 'settle window after a change of the flow' });
    await openGate(database, {
      sourceId,
      flowId: 'f',
      inletSealed: Buffer.alloc(1),
      opensAt: new Date(Date.now() - 60_000),
    });
    expect(await gate()).toMatchObject({ open: true, opensInMs: 0, reason: '' });
  });

  it('waits for something to have changed, where it is told what was known', async () => {
    const { database, name, hold } = source();
    const first = await intakeReport(database, { v: 1, ask: 'intake', name });
    const waiting = { v: 1, ask: 'intake', name, unlike: first.counted?.mark, waitMs: 15_000 } as const;
    const answer = intakeReport(database, waiting);
    await hold(1, 'refused');
    expect((await answer).counted?.counters.taken).toBe(1);
    const { mark } = (await answer).counted ?? {};
    const begunAtMs = performance.now();
    const unchanged = await intakeReport(database, { ...waiting, unlike: mark, waitMs: 1_500 });
    expect(unchanged.counted?.mark).toBe(mark);
    // It has looked again after a second, and nothing had changed.
    expect(performance.now() - begunAtMs).toBeGreaterThan(900);
  });
});
