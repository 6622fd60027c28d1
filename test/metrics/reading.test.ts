import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const SCRAPE_MS = 600;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** What is answered, and after how long: time passes only here. */
async function timed<T>(answer: Promise<T>): Promise<{ readonly value: T; readonly tookMs: number }> {
  const begunMs = performance.now();
  const seen: { tookMs?: number } = {};
  const ended = answer.then((value) => ({ value, tookMs: (seen.tookMs = performance.now() - begunMs) }));
  for (let passedMs = 0; seen.tookMs === undefined && passedMs < 5_000; passedMs += 10) await pass(10);
  return ended;
}

/** As a database that has stopped answering. */
const never = () => new Promise<never>(() => undefined);

describe('figures that are read slowly', () => {
  it('are shown within a second, with 1,000 sources, once they were read', async () => {
    const registry = new Registry();
    let reads = 0;
    registerFigures(registry, async () => {
      reads += 1;
      // All but the first never come to an end.
      return reads === 1 ? figures : never();
    });
    await timed(registry.metrics());
    expect(reads).toBe(1);
    for (let scrape = 0; scrape < 2; scrape += 1) {
      await pass(SCRAPE_MS);
      const { value: text, tookMs } = await timed(registry.metrics());
      expect(tookMs).toBeLessThan(1_000);
      expect(text.match(/^chatlio_aep_events_taken_total\{/gm)).toHaveLength(SOURCES);
      expect(text).toMatch(/^chatlio_aep_database_readable 1$/m);
    }
    expect(reads).toBe(2);
  });
});

describe('the first scrape', () => {
  it('meets figures that were read since the process began', async () => {
    let reads = 0;
    const reading = createReading(() => {
      reads += 1;
      return reads === 1 ? Promise.resolve('figures') : never();
    });
    expect(reads).toBe(1);
    expect((await timed(reading.now())).value.figures).toBe('figures');
  });

  it('is answered within two seconds where reading them takes for ever', async () => {
    const { value, tookMs } = await timed(createReading(never).now());
    expect(value).toEqual({ isReadable: false });
    expect(tookMs).toBeLessThan(2_000);
  });

  it('after a long while waits for figures of now, as those of then are not shown', async () => {
    let now = 0;
    let reads = 0;
    const read = async () => {
      // Above what a scrape waits for newer figures where it has some.
      await new Promise((resolve) => setTimeout(resolve, reads === 0 ? 0 : 400));
      return (reads += 1);
    };
    const reading = createReading(read, 60_000, () => now);
    await timed(reading.now());
    now = 300_000;
    await pass(SCRAPE_MS);
    expect((await timed(reading.now())).value).toEqual({ figures: 2, ageMs: 0, isReadable: true });
  });
});

describe('figures that cannot be read any more', () => {
  it('because PostgreSQL stands still: kept with their age, and told as not readable', async () => {
    let now = 0;
    let reads = 0;
    const read = () => ((reads += 1) === 1 ? Promise.resolve('figures') : never());
    const reading = createReading(read, 120_000, () => now);
    expect((await timed(reading.now())).value).toEqual({ figures: 'figures', ageMs: 0, isReadable: true });
    for (const [atMs, isReadable] of [
      [1_000, true],
      [29_000, true],
      [60_000, false],
    ] as const) {
      await pass(SCRAPE_MS);
      now = atMs;
      expect((await timed(reading.now())).value).toEqual({ figures: 'figures', ageMs: atMs, isReadable });
    }
    // What is slow is not asked twice at a time.
    expect(reads).toBe(2);
  });

  it('are kept for a while, with their age, and are missing then', async () => {
    let now = 0;
    let isAway = false;
    const read = () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve('figures'));
    const reading = createReading(read, 60_000, () => now);
    const next = async () => {
      await pass(SCRAPE_MS);
      return (await timed(reading.now())).value;
    };
    expect((await timed(reading.now())).value).toEqual({ figures: 'figures', ageMs: 0, isReadable: true });
    isAway = true;
    now = 50_000;
    expect(await next()).toEqual({ figures: 'figures', ageMs: 50_000, isReadable: false });
    now = 70_000;
    expect(await next()).toEqual({ isReadable: false });
    isAway = false;
    expect(await next()).toEqual({ figures: 'figures', ageMs: 0, isReadable: true });
  });

  it('were never there: nothing is shown, and that they cannot be read', async () => {
    expect((await timed(createReading(() => Promise.reject(new Error('away'))).now())).value).toEqual({
      isReadable: false,
    });
  });
});
