/** Where an event stands: by its number in the log and the cursor, or by its exception. */
import { type CursorWindow, restoreWindow, type SequenceState, stateOf } from '../../domain/delivery/cursor.js';
import { type EventPart, partOfException } from '../../domain/events/eventParts.js';
import type { ExceptionReason } from '../../domain/exceptions/exceptions.js';
import type { ChangedEvent, EventState, WatchedEvent } from '../../domain/events/shownEvents.js';
import type { Database } from '../connection/database.js';

export interface Head {
  readonly partition: number;
  readonly last_seq: number;
  readonly window: CursorWindow | undefined;
}

export async function readHeads({ pool }: Database, sourceId: number): Promise<Head[]> {
  const { rows } = await pool.query<HeadRow>(
    `select partition, last_seq, cursor_seq as cursor, intended_seq as intended, decided, withdrawn
     from partition_head left join partition_cursor using (source_id, partition)
     where source_id = $1 order by partition`,
    [sourceId],
  );
  return rows.map(({ partition, last_seq, cursor, ...stored }) => ({
    partition,
    last_seq,
    window: cursor === null ? undefined : restoreWindow({ cursor, ...stored }),
  }));
}

interface HeadRow {
  readonly partition: number;
  readonly last_seq: number;
  readonly cursor: number | null;
  readonly intended: number;
  readonly decided: Buffer;
  readonly withdrawn: Buffer;
}

/** The newest exception of an event; all null for one that has none. */
export interface ExceptionColumns {
  readonly exception_id: number | null;
  readonly reason: ExceptionReason | null;
  readonly state: string | null;
  readonly next_action: string | null;
  readonly resolution: string | null;
  readonly decision: string | null;
}

export const EXCEPTION_COLUMNS = 'id as exception_id, reason, state, next_action, resolution, decision';

/** `reason` and `exceptionId` only while a person may want to look at it. */
export interface Standing {
  readonly state: EventState;
  readonly reason?: ExceptionReason;
  readonly exceptionId?: number;
}

export function standingOf(seq: number, window: CursorWindow | undefined, exception: ExceptionColumns): Standing {
  const { exception_id, reason, state, next_action: nextAction, resolution, decision } = exception;
  if (state === null) return { state: STATES_IN_LOG[window === undefined ? 'ahead' : stateOf(window, seq)] };
  const standing = { state: STATES[partOfException({ state, nextAction, resolution, decision })] };
  if (state === 'resolved') return standing;
  return { ...standing, reason: reason ?? undefined, exceptionId: exception_id ?? undefined };
}

const STATES: Readonly<Record<EventPart, EventState>> = {
  waiting: 'waiting',
  sending: 'sending',
  accepted: 'accepted',
  lookedFor: 'looked-for',
  held: 'held',
  abandoned: 'abandoned',
  replaced: 'replaced',
  markedDelivered: 'marked-delivered',
};

const STATES_IN_LOG: Readonly<Record<SequenceState, EventState>> = {
  passed: 'accepted',
  decided: 'accepted',
  undecided: 'sending',
  withdrawn: 'waiting',
  ahead: 'waiting',
};

/** Those that do not stand any more where they stood when they were last shown. */
export async function changedEvents(
  database: Database,
  sourceId: number,
  watched: readonly WatchedEvent[],
): Promise<ChangedEvent[]> {
  if (watched.length === 0) return [];
  const windows = new Map((await readHeads(database, sourceId)).map(({ partition, window }) => [partition, window]));
  const { rows } = await database.pool.query<ExceptionColumns>(
    `select x.* from unnest($2::smallint[], $3::bigint[], $4::bigint[]) with ordinality as w (partition, seq, id, n)
     left join lateral (
       select ${EXCEPTION_COLUMNS} from exception e
         where w.seq > 0 and e.source_id = $1 and e.partition = w.partition and e.seq = w.seq
       union all
       select ${EXCEPTION_COLUMNS} from exception e where w.seq = 0 and e.source_id = $1 and e.id = w.id
       order by exception_id desc limit 1
     ) x on true order by n`,
    [
      sourceId,
      watched.map(({ partition }) => partition),
      watched.map(({ seq }) => seq),
      watched.map(({ exceptionId }) => exceptionId ?? null),
    ],
  );
  return watched.flatMap((event, index): ChangedEvent[] => {
    const row = rows[index];
    // A held arrival is nowhere but in its exception.
    if (row === undefined || (event.seq === 0 && row.state === null)) return [];
    const now = standingOf(event.seq, windows.get(event.partition), row);
    return now.state === event.state ? [] : [{ index, ...now }];
  });
}
