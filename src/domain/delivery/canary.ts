/**
 * After a change of what leaves, the first event of each kind is a canary: no second one of the kind is sent before it was seen in the
 * lake, or refused there. Adobe's preview may be milder than its ingestion, and what ingestion refuses, the inlet has accepted.
 */
import type { Place, Resolution } from '../exceptions/transitions.js';
import type { Refusal, Sighting } from '../exceptions/lookUp.js';
import type { Kind } from '../events/kinds.js';

/** Kinds that are not proven, with the id of the event that is sent first, lower case hex; undefined: none was chosen yet. */
export type Canaries = ReadonlyMap<Kind, string | undefined>;

/** Whether an event may be sent: its kind is proven, or it is the canary itself. */
export function maySend(
  canaries: Canaries,
  { kind, eventId }: { readonly kind: Kind; readonly eventId: Buffer },
): boolean {
  return !canaries.has(kind) || canaries.get(kind) === eventId.toString('hex');
}

const PAUSES_IN_LAKE_LATENCY = 60;
const LONGEST_PAUSE_MS = 120_000;

/** Between two looks for a canary, and between two drains of a partition that waits for one. */
export function canaryPauseMs(lakeLatencyMs: number): number {
  return Math.min(lakeLatencyMs / PAUSES_IN_LAKE_LATENCY, LONGEST_PAUSE_MS);
}

/** Where it is, as PostgreSQL knows. */
export interface CanaryStanding {
  /** Its attempt is decided, and the cursor or the window says so. */
  readonly isDecided: boolean;
  /** Where it is an exception. */
  readonly place?: Place;
  readonly resolution?: Resolution;
}

export type CanaryAttempt =
  /** Not sent, or not answered yet. */
  | 'under-way'
  | 'accepted'
  /** Held, or decided by a person: it will prove nothing, and the next event takes its place. */
  | 'lost';

export function attemptOf({ isDecided, place, resolution }: CanaryStanding): CanaryAttempt {
  switch (place) {
    case undefined:
      return isDecided ? 'accepted' : 'under-way';
    case 'to-resend':
    case 'to-look-up':
    case 'sending':
      return 'under-way';
    case 'held':
    case 'held-apart':
      return 'lost';
    case 'delivered':
    case 'closed':
      return resolution === 'delivered' ? 'accepted' : 'lost';
    default:
      return place satisfies never;
  }
}

export type CanaryVerdict =
  | { readonly kind: 'look-again' }
  /** It is in the lake, or the lake had as long as it may take. */
  | { readonly kind: 'proven' }
  /** Adobe has refused it after the inlet had accepted it. */
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] };

/**
 * @param sighting undefined: the lake cannot be read
 * @param known failed batches of attempts before
 */
export function verdictOfCanary(
  sighting: Pick<Sighting, 'copies' | 'refusals'> | undefined,
  {
    known,
    acceptedForMs,
    lakeLatencyMs,
  }: {
    readonly known: readonly string[];
    readonly acceptedForMs: number;
    readonly lakeLatencyMs: number;
  },
): CanaryVerdict {
  if (sighting !== undefined && sighting.copies > 0) return { kind: 'proven' };
  const refusals = (sighting?.refusals ?? []).filter(({ batchId }) => !known.includes(batchId));
  if (refusals.length > 0) return { kind: 'refused', refusals };
  return { kind: acceptedForMs >= lakeLatencyMs ? 'proven' : 'look-again' };
}
