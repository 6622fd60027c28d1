/** Looks at Adobe's side of events: the lake, the failed batches, and whether later events have come through. */
import { copiesOf, type SoughtEvent } from '../../adobe/lake/lake.js';
import type { LakeSession } from '../../adobe/lake/lakeSession.js';
import type { AdobeClients } from '../../adobe/clients.js';
import type { Sighting } from '../../domain/exceptions/lookUp.js';
import type { Database } from '../../store/connection/database.js';
import type { Destination } from '../../store/exceptions/destinations.js';
import { acceptedAfter } from '../../store/exceptions/confirmation.js';
import type { LakeTable } from './dataset.js';
import type { FailedBatches } from './failedBatches.js';

export interface ObservedEvent extends SoughtEvent, Destination {
  /** Of the last attempt, or later. */
  readonly attemptAt: Date;
}

export interface Observer {
  /** One per event, in their order. */
  observe(events: readonly ObservedEvent[]): Promise<Sighting[]>;
}

/** Later events that are looked for per absent event, and absent events for which that is done: the rest share the answer. */
const CONTROLS_PER_EVENT = 5;
const CONTROLLED_EVENTS = 20;

export function createObserver(deps: {
  readonly database: Database;
  readonly sourceId: number;
  /** Whose later events show that the lake has come so far. */
  readonly flowId: string | null;
  readonly clients: Pick<AdobeClients, 'catalog' | 'dataAccess'>;
  readonly session: Pick<LakeSession, 'query'>;
  readonly place: LakeTable;
  readonly failedBatches: FailedBatches;
  /** How long Adobe may take to write an event: a batch that takes it is not opened earlier. */
  readonly lakeLatencyMs: number;
}): Observer {
  const { database, sourceId, clients, session, place } = deps;
  const { datasetId, table } = place;

  /** Without a table there are no rows. */
  const copies = (events: readonly SoughtEvent[]): Promise<Map<string, number>> =>
    table === undefined ? Promise.resolve(new Map()) : copiesOf(session, table, events);

  /**
   * The newest acceptance of ours that is known to be visible. Right after an attempt others may have been lost with it, so
   * some from half-way between then and now are looked for as well.
   */
  async function visibleThrough(absent: readonly ObservedEvent[]): Promise<number> {
    const times = [...new Set(absent.map(({ attemptAt }) => attemptAt.getTime()))].sort((a, b) => a - b);
    const step = Math.max(1, Math.ceil(times.length / CONTROLLED_EVENTS));
    const controls = await Promise.all(
      times
        .filter((_, index) => index % step === 0 || index === times.length - 1)
        .flatMap((time) => [time, (time + Date.now()) / 2])
        .map((time) =>
          acceptedAfter(database, sourceId, { after: new Date(time), flowId: deps.flowId, limit: CONTROLS_PER_EVENT }),
        ),
    );
    const candidates = controls.flat();
    if (candidates.length === 0) return Number.NEGATIVE_INFINITY;
    const rows = await copies(candidates);
    const visible = candidates.filter(({ eventId }) => rows.has(eventId));
    return Math.max(Number.NEGATIVE_INFINITY, ...visible.map(({ recordedAt }) => recordedAt.getTime()));
  }

  return {
    async observe(events) {
      if (events.length === 0) return [];
      const rows = await copies(events);
      const absent = events.filter(({ eventId }) => !rows.has(eventId));
      if (absent.length === 0) return events.map(({ eventId }) => seen(rows.get(eventId) ?? 0));
      // The control comes before the looks that it vouches for: a batch may land between two queries, with events of both.
      const visibleMs = await visibleThrough(absent);
      const since = new Date(Math.min(...absent.map(({ attemptAt }) => attemptAt.getTime())));
      const sought = new Set(absent.map(({ eventId }) => eventId));
      const looked = { datasetId, since, openForMs: deps.lakeLatencyMs };
      const failed = await deps.failedBatches.read(clients, looked, sought);
      for (const [eventId, count] of await copies(absent)) rows.set(eventId, count);
      return events.map(({ eventId, attemptAt }) => ({
        copies: rows.get(eventId) ?? 0,
        inFailedBatch: failed.found.has(eventId),
        refusals: failed.found.get(eventId),
        unreadBatches: failed.unread,
        laterVisible: attemptAt.getTime() < visibleMs,
      }));
    },
  };
}

function seen(copies: number): Sighting {
  return { copies, inFailedBatch: false, unreadBatches: [], laterVisible: false };
}
