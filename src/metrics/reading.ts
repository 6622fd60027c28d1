/** Figures that take their time to be read, for scrapes that have none: the newest that there are, read on in the background. */
import { within } from '../process/within.js';

/** All metrics of a scrape share one answer. */
const SHARED_FOR_MS = 500;
/** Where figures are there, a scrape waits this long for newer ones. */
const NEWER_WITHIN_MS = 250;
/** Where none are: the first reading begins with the process, so that this is hardly ever waited for. */
const FIRST_WITHIN_MS = 1_000;
/** Figures that cannot be read again are shown for two scrapes of a minute, and are missing then. */
const KEPT_FOR_MS = 120_000;
/** One that takes longer is as good as failed: PostgreSQL stands still, or is away without saying so. */
const READ_WITHIN_MS = 30_000;

interface Answer<Figures> {
  readonly figures?: Figures;
  readonly ageMs?: number;
  /** The last attempt to read them came to its end, and the one that runs may still do so in time. */
  readonly isReadable: boolean;
}

interface Reading<Figures> {
  now(): Promise<Answer<Figures>>;
}

/** Begins to read at once. Never reads twice at a time: what is slow is not made slower. */
export function createReading<Figures>(
  read: () => Promise<Figures>,
  keptForMs = KEPT_FOR_MS,
  nowMs: () => number = () => performance.now(),
): Reading<Figures> {
  let last: { readonly figures: Figures; readonly atMs: number } | undefined;
  let isReadable = false;
  let running: { readonly ended: Promise<void>; readonly sinceMs: number } | undefined;
  let shared: Promise<Answer<Figures>> | undefined;

  async function readOnce(atMs: number): Promise<void> {
    try {
      last = { figures: await read(), atMs };
      isReadable = true;
    } catch {
      isReadable = false;
    }
    running = undefined;
  }

  function begin(): Promise<void> {
    const sinceMs = nowMs();
    running ??= { ended: readOnce(sinceMs), sinceMs };
    return running.ended;
  }

  function shown() {
    const ageMs = last === undefined ? Number.POSITIVE_INFINITY : nowMs() - last.atMs;
    return last === undefined || ageMs > keptForMs ? undefined : { figures: last.figures, ageMs };
  }

  async function answer(): Promise<Answer<Figures>> {
    await within(shown() === undefined ? FIRST_WITHIN_MS : NEWER_WITHIN_MS, begin(), () => undefined);
    setTimeout(() => {
      shared = undefined;
    }, SHARED_FOR_MS).unref();
    const isLate = running !== undefined && nowMs() - running.sinceMs > READ_WITHIN_MS;
    return { ...shown(), isReadable: isReadable && !isLate };
  }

  void begin();
  return { now: () => (shared ??= answer()) };
}
