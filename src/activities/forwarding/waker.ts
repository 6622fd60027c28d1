/**
 * The waker tells the forwarders of partitions that have something to send, and sees to it that each source has its own. Of several
 * workers one does it for all: two would tell each forwarder twice.
 */
import type { Logger } from 'pino';
import { messageOf } from '../../domain/messageOf.js';
import type { WakeMetrics } from '../../metrics/wakes.js';
import type { WakeListener } from '../../store/delivery/wakeListener.js';
import type { Database } from '../../store/connection/database.js';
import type { ForwarderSettings } from '../../store/sources/provisioning.js';
import { clearWakes, findForgotten, findWakes, noteRescues, type Wake } from '../../store/delivery/wakes.js';
import type { Duty } from '../../store/sharing/duty.js';
import { createAttendance } from './attendance.js';
import type { Forwarders } from './forwarders.js';
import { inParallel } from '../inParallel.js';

/** Beside the notifications: finds what was asked for while nobody listened, or what a drain that died was to answer. */
const POLL_MS = 5_000;
const ATTEND_EVERY_MS = 15_000;
/** What was woken is noted for so many sources in one statement. */
const SOURCES_AT_ONCE = 100;
/** Above the longest pause between two probes. */
const FORGOTTEN_AFTER_MS = 20 * 60_000;

export interface WakerDependencies {
  readonly database: Database;
  readonly wakeListener: WakeListener;
  readonly log: Pick<Logger, 'warn'>;
  readonly forwarders: Pick<Forwarders, 'wake' | 'countRunning' | 'listRunning' | 'findRunning' | 'end'>;
  /** How to start the sources' forwarders, by number of the source; a source that has ended is absent. */
  readonly settingsOf: (sourceIds: readonly number[]) => Promise<ReadonlyMap<number, ForwarderSettings>>;
  /** Absent: there is no other worker. */
  readonly duty?: Duty;
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

  /** @param woken told of those whose signal Temporal has stored, some hundred at a time */
  async function wakeAll(wakes: readonly Wake[], woken: (some: readonly Wake[]) => Promise<void>): Promise<void> {
    const partitions = new Map<number, Wake[]>();
    for (const wake of wakes) partitions.set(wake.sourceId, [...(partitions.get(wake.sourceId) ?? []), wake]);
    const sourceIds = [...partitions.keys()];
    const settings = sourceIds.length === 0 ? new Map<number, ForwarderSettings>() : await deps.settingsOf(sourceIds);
    for (let first = 0; first < sourceIds.length; first += SOURCES_AT_ONCE) {
      const stored: Wake[] = [];
      await inParallel(
        sourceIds.slice(first, first + SOURCES_AT_ONCE).map((sourceId) => () => {
          const ofSource = partitions.get(sourceId) ?? [];
          return tried(async () => {
            await wakeSource(settings.get(sourceId), ofSource);
            stored.push(...ofSource);
          }, sourceId);
        }),
      );
      if (stored.length > 0) await tried(() => woken(stored));
    }
  }

  async function wakeSource(settings: ForwarderSettings | undefined, wakes: readonly Wake[]): Promise<void> {
    if (settings === undefined) return;
    await forwarders.wake(settings, { partitions: wakes.map(({ partition }) => partition) });
    deps.metrics?.woke();
  }

  async function look(): Promise<void> {
    again = false;
    attendWhenDue();
    await wakeAll(await findWakes(database), (some) => clearWakes(database, some));
    await wakeAll(await findForgotten(database, FORGOTTEN_AFTER_MS), (some) => noteRescues(database, some));
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
    deps.log.warn(
      { sourceId, reason: messageOf(error) },
      'the forwarder could not be signalled that there are new events; this is tried again',
    );
  }

  function lookSoon(): void {
    if (closing.signal.aborted || deps.duty?.isMine() === false) return;
    if (round !== undefined) {
      again = true;
      return;
    }
    round = look()
      .catch((error: unknown) => warn(error))
      .finally(() => {
        round = undefined;
        if (again) lookSoon();
      });
  }

  const unsubscribe = deps.wakeListener.onAnyWake(lookSoon);
  const poll = setInterval(lookSoon, deps.pollMs ?? POLL_MS);
  const takenOver = deps.duty?.onTaken(lookSoon);
  lookSoon();
  return {
    async close() {
      closing.abort();
      clearInterval(poll);
      unsubscribe();
      takenOver?.();
      await round;
      await attending;
    },
  };
}
