/** Figures that take their time to be read, for scrapes that have none: the newest that there are, read on in the background. */
import { setTimeout as delay } from 'node:timers/promises';

/** All metrics of a scrape share one answer. */
const SHARED_FOR_MS = 500;
/** Where figures are there, a scrape waits this long for newer ones. */
const NEWER_WITHIN_MS = 250;
/** Below the 10 s that Prometheus waits by default: with the database away, the rest is still told. */
const FIRST_WITHIN_MS = 4_000;
/** Figures that cannot be read again are shown for two scrapes of a minute, and are missing then. */
const KEPT_FOR_MS = 120_000;

interface Answer<Figures> {
  readonly figures?: Figures;
  readonly ageMs?: number;
  /** The last attempt to read them came to its end. */
  readonly isReadable: boolean;
}

interface Reading<Figures> {
  now(): Promise<Answer<Figures>>;
}

export function createReading<Figures>(
  read: () => Promise<Figures>,
  keptForMs = KEPT_FOR_MS,
  nowMs: () => number = () => performance.now(),
): Reading<Figures> {
  let last: { readonly figures: Figures; readonly atMs: number } | undefined;
  let isReadable = false;
  let running: Promise<void> | undefined;
  let shared: Promise<Answer<Figures>> | undefined;

  async function readOnce(): Promise<void> {
    const atMs = nowMs();
    try {
      last = { figures: await read(), atMs };
      isReadable = true;
    } catch {
      isReadable = false;
    }
    running = undefined;
  }

  async function answer(): Promise<Answer<Figures>> {
    running ??= readOnce();
    const ended = new AbortController();
    const late = delay(last === undefined ? FIRST_WITHIN_MS : NEWER_WITHIN_MS, undefined, { signal: ended.signal });
    await Promise.race([running, late.catch(() => undefined)]);
    ended.abort();
    setTimeout(() => {
      shared = undefined;
    }, SHARED_FOR_MS).unref();
    if (last === undefined) return { isReadable: false };
    const ageMs = nowMs() - last.atMs;
    return ageMs > keptForMs ? { isReadable } : { figures: last.figures, ageMs, isReadable };
  }

  return { now: () => (shared ??= answer()) };
}
