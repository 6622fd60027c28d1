/**
 * The waker, once per worker process: tells the forwarders of partitions that have something to send, and sees to it that
 * each source has its own.
 */
import type { Logger } from 'pino';
import type { WakeMetrics } from '../metrics/wakes.js';
import type { Bell } from '../store/bell.js';
import type { Database } from '../store/database.js';
import type { ForwarderSettings } from '../store/provisioning.js';
import { clearWake, findForgotten, findWakes, noteRescue, type Wake } from '../store/wakes.js';
import { createAttendance } from './attendance.js';
import type { Forwarders } from './forwarders.js';
import { inParallel } from './inParallel.js';

/** Beside the bell: finds what rang while nobody listened, or what a drain that died was to answer. */
const POLL_MS = 5_000;
const ATTEND_EVERY_MS = 15_000;
/** Above the longest pause between two probes. */
const FORGOTTEN_AFTER_MS = 20 * 60_000;

export interface WakerDependencies {
  readonly database: Database;
  readonly bell: Bell;
  readonly log: Pick<Logger, 'warn'>;
  readonly forwarders: Pick<Forwarders, 'wake' | 'listRunning' | 'findRunning' | 'end'>;
  /** How to start the source's forwarder; undefined for a source that has ended. */
  readonly settingsOf: (sourceId: number) => Promise<ForwarderSettings | undefined>;
  readonly pollMs?: number;
  readonly attendEveryMs?: number;
  readonly metrics?: WakeMetrics;
}

export interface Waker {
  close(): Promise<void>;
}

/** A wake is cleared only after the signal is stored, and only if no other insert has asked again. */
export function startWaker(deps: WakerDependencies): Waker {
  const { database, forwarders } = deps;
  const closing = new AbortController();
  const attend = createAttendance({ ...deps, tried, signal: closing.signal });
  const attendEveryMs = deps.attendEveryMs ?? ATTEND_EVERY_MS;
  let round: Promise<void> | undefined;
  let again = false;
  let attending: Promise<void> | undefined;
  let attendedAtMs = Number.NEGATIVE_INFINITY;

  async function wakeSource(sourceId: number, partitions: readonly number[]): Promise<void> {
    const settings = await deps.settingsOf(sourceId);
    if (settings === undefined) return;
    await forwarders.wake(settings, { partitions });
    deps.metrics?.woke();
  }

  /** @param woken told of each, once Temporal has stored the signal */
  async function wakeAll(wakes: readonly Wake[], woken: (wake: Wake) => Promise<void>): Promise<void> {
    const sourceIds = new Set(wakes.map(({ sourceId }) => sourceId));
    await inParallel([...sourceIds].map((sourceId) => () => tried(() => wakeOne(sourceId), sourceId)));

    async function wakeOne(sourceId: number): Promise<void> {
      const ofSource = wakes.filter((wake) => wake.sourceId === sourceId);
      await wakeSource(
        sourceId,
        ofSource.map(({ partition }) => partition),
      );
      for (const wake of ofSource) await woken(wake);
    }
  }

  async function look(): Promise<void> {
    again = false;
    attendWhenDue();
    await wakeAll(await findWakes(database), (wake) => clearWake(database, wake));
    await wakeAll(await findForgotten(database, FORGOTTEN_AFTER_MS), (wake) => noteRescue(database, wake));
  }

  /** Beside the wakes, which do not wait for it. */
  function attendWhenDue(): void {
    if (attending !== undefined || performance.now() - attendedAtMs < attendEveryMs) return;
    attendedAtMs = performance.now();
    attending = tried(attend).finally(() => {
      attending = undefined;
    });
  }

  /** One source's trouble is not another's; what failed is found again by the next look. */
  async function tried(work: () => Promise<void>, sourceId?: number): Promise<void> {
    await work().catch((error: unknown) => warn(error, sourceId));
  }

  function warn(error: unknown, sourceId?: number): void {
    deps.metrics?.failed();
    deps.log.warn({ sourceId, reason: error instanceof Error ? error.message : String(error) }, 'could not wake');
  }

  function rung(): void {
    if (closing.signal.aborted) return;
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
      closing.abort();
      clearInterval(poll);
      unsubscribe();
      await round;
      await attending;
    },
  };
}
