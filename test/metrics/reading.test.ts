import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { type Figures, registerFigures } from '../../src/metrics/figures.js';
import { createReading } from '../../src/metrics/reading.js';

const SOURCES = 1_000;
const figures: Figures = {
  sources: Array.from({ length: SOURCES }, (_, n) => ({
    source: `source-${n}`,
    taken: n,
    accepted: n,
    waiting: 0,
    exceptions: [{ reason: 'unknown', state: 'held', count: 1, oldestMs: 1 }],
    gateOpen: true,
    opensInMs: 0,
  })),
  receivers: [],
  silences: [],
};

describe('figures that are read slowly', () => {
  it('are shown within half a second, with 1,000 sources, once they were read', async () => {
    const registry = new Registry();
    let reads = 0;
    registerFigures(registry, async () => {
      reads += 1;
      // All but the first never come to an end.
      return reads === 1 ? figures : new Promise<never>(() => undefined);
    });
    await registry.metrics();
    await expect.poll(() => reads, { interval: 50, timeout: 5_000 }).toBe(1);
    for (let scrape = 0; scrape < 2; scrape += 1) {
      await new Promise((resolve) => setTimeout(resolve, 600));
      const startedMs = performance.now();
      const text = await registry.metrics();
      expect(performance.now() - startedMs).toBeLessThan(500);
      expect(text.match(/^chatlio_aep_events_taken_total\{/gm)).toHaveLength(SOURCES);
      expect(text).toMatch(/^chatlio_aep_database_readable 1$/m);
    }
    expect(reads).toBe(2);
  });
});

describe('figures that cannot be read any more', () => {
  it('are kept for a while, with their age, and are missing then', async () => {
    let now = 0;
    let isAway = false;
    const read = () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve('figures'));
    const reading = createReading(read, 60_000, () => now);
    const next = async () => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      return reading.now();
    };
    expect(await reading.now()).toEqual({ figures: 'figures', ageMs: 0, isReadable: true });
    isAway = true;
    now = 50_000;
    expect(await next()).toEqual({ figures: 'figures', ageMs: 50_000, isReadable: false });
    now = 70_000;
    expect(await next()).toEqual({ isReadable: false });
    isAway = false;
    expect(await next()).toEqual({ figures: 'figures', ageMs: 0, isReadable: true });
  });

  it('were never there: nothing is shown, and that they cannot be read', async () => {
    expect(await createReading(() => Promise.reject(new Error('away'))).now()).toEqual({ isReadable: false });
  });
});
