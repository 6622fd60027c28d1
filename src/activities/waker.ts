/**
 * The waker, once per worker process: tells the forwarders of partitions that have something to send, and starts those
 * again that somebody has ended.
 */
import type { Logger } from 'pino';
import type { WakeInput } from '../domain/forwarder.js';
import type { WakeMetrics } from '../metrics/wakes.js';
import type { Bell } from '../store/bell.js';
import type { Database } from '../store/database.js';
import { clearWake, findForgotten, findSendingSources, findWakes, noteRescue, type Wake } from '../store/wakes.js';

/** Beside the bell: finds what rang while nobody listened, or what a drain that died was to answer. */
const POLL_MS = 5_000;
/** Under load no partition is idle, so that no insert asks for a wake: a forwarder that was ended is found by looking. */
const ATTEND_EVERY_MS = 15_000;
/** Above the longest pause between two probes. */
const FORGOTTEN_AFTER_MS = 20 * 60_000;

export interface WakerDependencies<Settings> {
  readonly database: Database;
  readonly bell: Bell;
  readonly log: Pick<Logger, 'warn'>;
  /** Starts the forwarder where it does not run. Answers once Temporal has stored the signal. */
  readonly wake: (settings: Settings, wake: WakeInput) => Promise<void>;
  /** Does the source's forwarder run? */
  readonly isRunning: (settings: Settings) => Promise<boolean>;
  /** How to start the source's forwarder; undefined for a source that has ended. */
  readonly settingsOf: (sourceId: number) => Promise<Settings | undefined>;
  readonly pollMs?: number;
  readonly attendEveryMs?: number;
  readonly metrics?: WakeMetrics;
}

export interface Waker {
  close(): Promise<void>;
}

/** A wake is cleared only after the signal is stored, and only if no other insert has asked again. */
export function startWaker<Settings>(deps: WakerDependencies<Settings>): Waker {
  const { database } = deps;
  const attendEveryMs = deps.attendEveryMs ?? ATTEND_EVERY_MS;
  let closed = false;
  let round: Promise<void> | undefined;
  let again = false;
  let attendedAtMs = Number.NEGATIVE_INFINITY;

  async function wakeSource(sourceId: number, wake: WakeInput): Promise<void> {
    const settings = await deps.settingsOf(sourceId);
    if (settings === undefined) return;
    await deps.wake(settings, wake);
    deps.metrics?.woke();
  }

  /** @param woken told of each, once Temporal has stored the signal */
  async function wakeAll(wakes: readonly Wake[], woken: (wake: Wake) => Promise<void>): Promise<void> {
    for (const sourceId of new Set(wakes.map((wake) => wake.sourceId))) {
      const ofSource = wakes.filter((wake) => wake.sourceId === sourceId);
      await tried(sourceId, async () => {
        await wakeSource(sourceId, { partitions: ofSource.map(({ partition }) => partition) });
        for (const wake of ofSource) await woken(wake);
      });
    }
  }

  /** A forwarder that does not run is started, unless somebody is ending its source. */
  async function attend(sourceId: number): Promise<void> {
    const settings = await deps.settingsOf(sourceId);
    if (settings === undefined || (await deps.isRunning(settings))) return;
    // Asked again: who ends a source has closed its gate before its forwarder.
    if ((await findSendingSources(database)).includes(sourceId)) await wakeSource(sourceId, {});
  }

  async function look(): Promise<void> {
    again = false;
    await wakeAll(await findWakes(database), (wake) => clearWake(database, wake));
    await wakeAll(await findForgotten(database, FORGOTTEN_AFTER_MS), (wake) => noteRescue(database, wake));
    if (performance.now() - attendedAtMs < attendEveryMs) return;
    attendedAtMs = performance.now();
    for (const sourceId of await findSendingSources(database)) await tried(sourceId, () => attend(sourceId));
  }

  /** One source's trouble is not another's; what failed is found again by the next look. */
  async function tried(sourceId: number, work: () => Promise<void>): Promise<void> {
    await work().catch((error: unknown) => warn(error, sourceId));
  }

  function warn(error: unknown, sourceId?: number): void {
    deps.metrics?.failed();
    deps.log.warn({ sourceId, reason: error instanceof Error ? error.message : String(error) }, 'could not wake');
  }

  function rung(): void {
    if (closed) return;
    if (round !== undefined) {
      again = true;
      return;
    }
    round = look()
      .catch((error: unknown) => warn(error))
      .finally(() => {
        round = undefined;
        if (again) rung();
      });
  }

  const unsubscribe = deps.bell.onAnyRing(rung);
  const poll = setInterval(rung, deps.pollMs ?? POLL_MS);
  rung();
  return {
    async close() {
      closed = true;
      clearInterval(poll);
      unsubscribe();
      await round;
    },
  };
}
