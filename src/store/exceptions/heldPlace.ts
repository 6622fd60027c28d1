/**
 * How much the bodies of one route may take that wait for a person's decision. Nobody's age erases them, so their intake is
 * bounded: beyond it an arrival is not taken, and only its id and digest are noted.
 */
import type { ClientBase } from 'pg';
import { kindOfCode } from '../../domain/events/kinds.js';
import type { Database } from '../connection/database.js';

export interface ArrivingBody {
  readonly sourceId: number;
  readonly kind: number;
  /** Absent: of a release that did not tell. */
  readonly widget?: string;
  readonly eventId: Buffer;
  readonly bodyMac: Buffer;
  readonly sealed: Buffer;
}

/** Six of the largest bodies, 16,000 small ones. */
export const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** A row has its price, however small its body. */
const LEAST_BYTES = 4 * 1024;
/** Per route. */
const MAX_NOTED = 10_000;

/**
 * Whether there is place for one more. Others of the source wait until the caller's transaction ends, so that many at once do not
 * each find the last place; one lock for all of its routes, so that no two transactions wait for each other.
 */
export async function hasPlace(client: ClientBase, body: ArrivingBody, maxBytes: number): Promise<boolean> {
  const route = [body.sourceId, body.kind, body.widget ?? ''];
  await client.query(`select pg_advisory_xact_lock(hashtextextended('chatlio-aep held ' || $1, 0))`, [
    String(body.sourceId),
  ]);
  const { rows } = await client.query<{ used: number }>(
    `select coalesce(sum(greatest(octet_length(sealed), ${LEAST_BYTES})), 0)::float8 as used from exception
     where source_id = $1 and kind = $2 and widget = $3 and sealed is not null and state <> 'resolved'`,
    route,
  );
  return (rows[0]?.used ?? 0) + Math.max(body.sealed.length, LEAST_BYTES) <= maxBytes;
}

/** Keeps id and digest of what was not taken; of very many the first. */
export async function noteTurnedAway(client: ClientBase, body: ArrivingBody): Promise<void> {
  await client.query(
    `insert into turned_away as t (source_id, kind, widget, event_id, body_mac, bytes)
     select $1::smallint, $2::smallint, $3::text, $4::bytea, $5::bytea, $6::int
     where (select count(*) from turned_away where source_id = $1 and kind = $2 and widget = $3) < ${MAX_NOTED}
     on conflict (source_id, kind, widget, event_id, body_mac)
     do update set times = t.times + 1, last_at = clock_timestamp()`,
    [body.sourceId, body.kind, body.widget ?? '', body.eventId, body.bodyMac, body.sealed.length],
  );
}

/** Which webhook URLs had arrivals turned away in the last day, and how many. */
export async function readTurnedAway({ pool }: Database): Promise<TurnedAway[]> {
  const { rows } = await pool.query<{ name: string; kind: number; widget: string; times: number }>(
    `select s.name, t.kind, t.widget, sum(t.times)::float8 as times
     from turned_away t join source s on s.id = t.source_id
     where t.last_at > clock_timestamp() - interval '1 day' and s.retired_at is null
     group by s.name, t.kind, t.widget order by s.name, t.kind, t.widget limit 100`,
  );
  return rows.map((row) => ({ ...row, kind: kindOfCode(row.kind) ?? 'unknown' }));
}

export interface TurnedAway {
  /** Of the source. */
  readonly name: string;
  readonly kind: string;
  readonly widget: string;
  readonly times: number;
}
