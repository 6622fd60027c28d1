/** The audit's own reading of cursors and exceptions: none of the delivering side's code decides what it did. */
import type { Standing } from '../domain/audit.js';

/** A partition's row as it is stored. */
export interface PartitionRow {
  readonly cursor: number;
  readonly intended: number;
  /** Bit i, least significant first, is about `cursor + 1 + i`. */
  readonly decided: Uint8Array;
}

/** The newest exception of an event. */
export interface ExceptionRow {
  readonly state: string;
  readonly nextAction: string | null;
  readonly resolution: string | null;
  /** The last one of a person. */
  readonly decision: string | null;
}

/** @param seq number in the log; 0 when the event was held on arrival */
export function standingOf(seq: number, partition: PartitionRow | undefined, exception?: ExceptionRow): Standing {
  if (exception !== undefined) return standingOfException(exception);
  if (seq === 0) return 'undecided';
  if (partition === undefined || seq > partition.intended) return 'waiting';
  if (seq <= partition.cursor) return 'accepted';
  const bit = seq - partition.cursor - 1;
  return ((partition.decided[bit >> 3] ?? 0) >> (bit & 7)) & 1 ? 'accepted' : 'waiting';
}

function standingOfException({ state, nextAction, resolution, decision }: ExceptionRow): Standing {
  if (state === 'resolved') {
    if (resolution === 'abandoned' || resolution === 'replaced') return resolution;
    return decision === 'mark-delivered' ? 'marked-delivered' : 'accepted';
  }
  return state === 'sending' || nextAction === 'resend' ? 'waiting' : 'undecided';
}
