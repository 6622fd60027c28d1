/** When events last came, per source and kind: silence of a kind that used to come is the commonest sign of a lost channel. */
import { kindOfCode, type Kind } from '../../domain/events/kinds.js';
import type { Database } from '../connection/database.js';

export interface LastEvent {
  readonly sourceId: number;
  /** Stored code of the kind. */
  readonly kind: number;
  readonly lastAtMs: number;
}

export async function noteLastEvents(database: Database, events: readonly LastEvent[]): Promise<void> {
  if (events.length === 0) return;
  await database.pool.query(
    `insert into last_event (source_id, kind, last_at)
     select source_id, kind, 'epoch'::timestamptz + ms * interval '1 millisecond'
       from unnest($1::smallint[], $2::smallint[], $3::bigint[]) as t (source_id, kind, ms) order by 1, 2
     on conflict (source_id, kind) do update set last_at = greatest(last_event.last_at, excluded.last_at)`,
    [
      events.map(({ sourceId }) => sourceId),
      events.map(({ kind }) => kind),
      events.map(({ lastAtMs }) => Math.floor(lastAtMs)),
    ],
  );
}

export interface KindSilence {
  readonly source: string;
  readonly kind: Kind;
  readonly lastAt: Date;
  readonly silentForMs: number;
  /** Longer than the source's `delivery.quietWarning`: its URL may have been removed in Chatlio. */
  readonly isTooLong: boolean;
}

/** Every kind that ever came to a source that runs and is still routed; the longest silence first. */
export async function readSilences(database: Database): Promise<KindSilence[]> {
  const { rows } = await database.pool.query<{
    source: string;
    kind: number;
    last_at: Date;
    silent_ms: number;
    warning_ms: number | null;
  }>(
    `select s.name as source, l.kind, l.last_at, (s.delivery->>'quietWarningMs')::float8 as warning_ms,
            (extract(epoch from clock_timestamp() - l.last_at) * 1000)::float8 as silent_ms
       from last_event l join source s on s.id = l.source_id
      where s.retired_at is null
        and exists (select 1 from route r where r.source_id = l.source_id and r.kind = l.kind
                       and (r.expires_at is null or r.expires_at > now()))
      order by l.last_at`,
  );
  return rows.flatMap((row) => {
    const kind = kindOfCode(row.kind);
    if (kind === undefined) return [];
    const isTooLong = row.warning_ms !== null && row.silent_ms > row.warning_ms;
    return [{ source: row.source, kind, lastAt: row.last_at, silentForMs: Math.max(0, row.silent_ms), isTooLong }];
  });
}
