/**
 * Sees to it that each source that sends has its forwarder, and that no other runs: under load, when no partition is idle,
 * nothing else would find one that somebody has ended.
 */
import type { Database } from '../../store/connection/database.js';
import type { ForwarderSettings } from '../../store/sources/provisioning.js';
import { findRetired, findSendingSources, type SendingSource } from '../../store/delivery/wakes.js';
import type { Forwarders, RunningForwarder } from './forwarders.js';
import { inParallel } from '../inParallel.js';

/** One that was ended while another one began, so that there are as many as before, is found by then. */
const LIST_EVERY_MS = 2 * 60_000;

export interface AttendanceDependencies {
  readonly database: Database;
  readonly forwarders: Pick<Forwarders, 'wake' | 'countRunning' | 'listRunning' | 'findRunning' | 'end'>;
  /** How to start the sources' forwarders, by number of the source; a source that has ended is absent. */
  readonly settingsOf: (sourceIds: readonly number[]) => Promise<ReadonlyMap<number, ForwarderSettings>>;
  /** Aborted when the worker ends: a forwarder's end is not awaited any longer. */
  readonly signal: AbortSignal;
  /** One source's trouble is not another's; what failed is found again by the next look. */
  readonly tried: (work: () => Promise<void>, sourceId?: number) => Promise<void>;
}

/** What the last look has found, where it has found nothing to do. */
interface InOrder {
  readonly running: number;
  readonly sources: string;
  readonly atMs: number;
}

/**
 * @returns looks once at all of them. As long as there are as many as when all was in order, and for the same sources, the list is
 *   not read again: a thousand forwarders are some 100 ms for whoever lists them, and for whoever reads it
 */
export function createAttendance({
  database,
  forwarders,
  settingsOf,
  signal,
  tried,
}: AttendanceDependencies): () => Promise<void> {
  let inOrder: InOrder | undefined;

  /** Asked again: who ends a source has retired its routes and closed its gate before its forwarder. */
  async function start({ id }: SendingSource): Promise<void> {
    if ((await findSendingSources(database, id)).length === 0) return;
    const settings = (await settingsOf([id])).get(id);
    if (settings !== undefined) await forwarders.wake(settings, {});
  }

  async function attend(source: SendingSource, listed: RunningForwarder | undefined): Promise<void> {
    const running = listed ?? (await forwarders.findRunning(source.name));
    if (running !== undefined && isOf(source, running)) return;
    if (running !== undefined && running.uid !== source.uid) await forwarders.end(running, { signal });
    await start(source);
  }

  async function isStillInOrder(sources: string): Promise<boolean> {
    if (inOrder === undefined || inOrder.sources !== sources || performance.now() - inOrder.atMs > LIST_EVERY_MS)
      return false;
    return (await forwarders.countRunning()) === inOrder.running;
  }

  async function look(sources: readonly SendingSource[]): Promise<{ readonly running: number; readonly todo: number }> {
    const running = await forwarders.listRunning();
    const names = new Set(sources.map(({ name }) => name));
    const others = [...running.values()].filter(({ name }) => !names.has(name));
    // One whose source this database does not know is left alone: it may be another's.
    const retired = await findRetired(
      database,
      others.map(({ uid }) => uid),
    );
    const strays = others.filter(({ uid }) => retired.has(uid));
    const alone = sources.filter((source) => !isOf(source, running.get(source.name)));
    await inParallel([
      ...alone.map((source) => () => tried(() => attend(source, running.get(source.name)), source.id)),
      ...strays.map((stray) => () => tried(() => forwarders.end(stray, { signal }))),
    ]);
    return { running: running.size, todo: alone.length + strays.length };
  }

  return async () => {
    const sources = await findSendingSources(database);
    const key = sources.map(({ id, uid }) => `${id}:${uid}`).join(' ');
    if (await isStillInOrder(key)) return;
    inOrder = undefined;
    const { running, todo } = await look(sources);
    if (todo === 0) inOrder = { running, sources: key, atMs: performance.now() };
  };
}

function isOf({ uid }: SendingSource, forwarder: RunningForwarder | undefined): boolean {
  return forwarder?.uid === uid && !forwarder.isOld;
}
