/** The waker: tells the forwarders of partitions that have something to send, once per worker process. */
import type { Logger } from 'pino';
import type { WakeInput } from '../domain/forwarder.js';
import type { WakeMetrics } from '../metrics/wakes.js';
import type { Bell } from '../store/bell.js';
import type { Database } from '../store/database.js';
import { clearWake, findForgotten, findWakes, type Wake } from '../store/wakes.js';

/** Beside the bell: finds what rang while nobody listened, or what a drain that died was to answer. */
const POLL_MS = 5_000;
/** Above the longest pause between two probes. */
const FORGOTTEN_AFTER_MS = 20 * 60_000;

export interface WakerDependencies<Settings> {
  readonly database: Database;
  readonly bell: Bell;
  readonly log: Pick<Logger, 'warn'>;
  /** Answers once Temporal has stored the signal. */
  readonly wake: (settings: Settings, wake: WakeInput) => Promise<void>;
  /** How to start the source's forwarder; undefined for a source that has ended. */
  readonly settingsOf: (sourceId: number) => Promise<Settings | undefined>;
  readonly pollMs?: number;
  readonly metrics?: WakeMetrics;
}

export interface Waker {
  close(): Promise<void>;
}

/** A wake is cleared only after the signal is stored, and only if no other insert has asked again. */
export function startWaker<Settings>(deps: WakerDependencies<Settings>): Waker {
  let closed = false;
  let round: Promise<void> | undefined;
  let again = false;

  async function wakeSource(sourceId: number, wakes: readonly Wake[]): Promise<void> {
    const settings = await deps.settingsOf(sourceId);
    if (settings !== undefined) {
      await deps.wake(settings, { partitions: wakes.map(({ partition }) => partition) });
      deps.metrics?.woke();
    }
    for (const wake of wakes) await clearWake(deps.database, wake);
  }

  async function look(): Promise<void> {
    again = false;
    const bySource = new Map<number, Wake[]>();
    const wakes = [...(await findWakes(deps.database)), ...(await findForgotten(deps.database, FORGOTTEN_AFTER_MS))];
    for (const wake of wakes) {
      bySource.set(wake.sourceId, [...(bySource.get(wake.sourceId) ?? []), wake]);
    }
    for (const [sourceId, wakes] of bySource) {
      await wakeSource(sourceId, wakes).catch((error: unknown) => warn(error, sourceId));
    }
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
