import type * as timers from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { intakeReport } from '../../src/activities/inquiry/intake.js';
import { openGate } from '../../src/store/delivery/gate.js';
import { withHeldSource } from './held/source.js';

const source = withHeldSource();

const LOOKS_EVERY_MS = 1_000;
let waits = 0;
let whileItWaits: (times: number) => Promise<void>;
vi.mock('node:timers/promises', async (original) => {
  const real = await original<typeof timers>();
  return {
    ...real,
    setTimeout: async (ms: number, ...rest: unknown[]) => {
      if (ms !== LOOKS_EVERY_MS) return real.setTimeout(ms, ...(rest as []));
      vi.setSystemTime(Date.now() + ms);
      await whileItWaits((waits += 1));
    },
  };
});
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  waits = 0;
  whileItWaits = () => Promise.resolve();
});
afterEach(() => void vi.useRealTimers());

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
    whileItWaits = async (times) => {
      if (times === 2) await hold(1, 'refused');
    };
    const answer = await intakeReport(database, waiting);
    expect(answer.counted?.counters.taken).toBe(1);
    expect(waits).toBe(2);
  });

  it('waits no longer than it is told to, where nothing has changed', async () => {
    const { database, name } = source();
    const { mark } = (await intakeReport(database, { v: 1, ask: 'intake', name })).counted ?? {};
    const waiting = { v: 1, ask: 'intake', name, unlike: mark, waitMs: 3_500 } as const;
    expect((await intakeReport(database, waiting)).counted?.mark).toBe(mark);
    expect(waits).toBe(3);
  });
});
