/**
 * Sees to it that each source that sends has its forwarder, and that no other runs: under load, when no partition is idle,
 * nothing else would find one that somebody has ended.
 */
import type { Database } from '../../store/connection/database.js';
import type { ForwarderSettings } from '../../store/sources/provisioning.js';
import { findRetired, findSendingSources, type SendingSource } from '../../store/delivery/wakes.js';
import type { Forwarders, RunningForwarder } from './forwarders.js';
import { inParallel } from '../inParallel.js';

export interface AttendanceDependencies {
  readonly database: Database;
  readonly forwarders: Pick<Forwarders, 'wake' | 'listRunning' | 'findRunning' | 'end'>;
  /** How to start the sources' forwarders, by number of the source; a source that has ended is absent. */
  readonly settingsOf: (sourceIds: readonly number[]) => Promise<ReadonlyMap<number, ForwarderSettings>>;
  /** Aborted when the worker ends: a forwarder's end is not awaited any longer. */
  readonly signal: AbortSignal;
  /** One source's trouble is not another's; what failed is found again by the next look. */
  readonly tried: (work: () => Promise<void>, sourceId?: number) => Promise<void>;
}

/** @returns looks once at all of them */
export function createAttendance({
  database,
  forwarders,
  settingsOf,
  signal,
  tried,
}: AttendanceDependencies): () => Promise<void> {
  /** Asked again: who ends a source has retired its routes and closed its gate before its forwarder. */
  async function start({ id }: SendingSource): Promise<void> {
    if ((await findSendingSources(database, id)).length === 0) return;
    const settings = (await settingsOf([id])).get(id);
    if (settings !== undefined) await forwarders.wake(settings, {});
  }

  async function attend(source: SendingSource, listed: RunningForwarder | undefined): Promise<void> {
    const running = listed ?? (await forwarders.findRunning(source.name));
    if (running?.uid === source.uid && !running.isOld) return;
    if (running !== undefined && running.uid !== source.uid) await forwarders.end(running, { signal });
    await start(source);
  }

  return async () => {
    const running = await forwarders.listRunning();
    const sources = await findSendingSources(database);
    const names = new Set(sources.map(({ name }) => name));
    const others = [...running.values()].filter(({ name }) => !names.has(name));
    // One whose source this database does not know is left alone: it may be another's.
    const retired = await findRetired(
      database,
      others.map(({ uid }) => uid),
    );
    const strays = others.filter(({ uid }) => retired.has(uid));
    await inParallel([
      ...sources.map((source) => () => tried(() => attend(source, running.get(source.name)), source.id)),
      ...strays.map((stray) => () => tried(() => forwarders.end(stray, { signal }))),
    ]);
  };
}
