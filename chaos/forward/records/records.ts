/** What the lake's and the product's databases hold at the end, read with SQL of our own. */
import { withDatabase } from '../../stack/database.js';

/** An event as the simulated platform knows it. */
export interface AtPlatform {
  /** Times that the inlet took it. */
  readonly acceptances: number;
  /** Taken, and thrown away: a flow that was disabled or had just been changed. */
  readonly dropped: number;
  /** Rows in the lake. */
  readonly rows: number;
  /** When each was accepted, ms. */
  readonly acceptedAtMs: readonly number[];
}

export interface ExceptionRecord {
  readonly reason: string;
  readonly state: string;
  readonly resolution?: string;
  readonly decision?: string;
  readonly decidedBy?: string;
  readonly attempts: number;
  readonly facts: readonly string[];
}

/** An event as the product's database knows it. */
export interface InStore {
  /** Has a place in the log; otherwise held on arrival. */
  readonly isLogged: boolean;
  /** What its body is; absent where it is not in the log any more, or held on arrival. */
  readonly form?: 'cut' | 'whole';
  readonly exceptions: readonly ExceptionRecord[];
}

/** @param lakeUrl of the sandbox's database */
export function readPlatform(lakeUrl: string): Promise<Map<string, AtPlatform>> {
  return withDatabase(lakeUrl, async (client) => {
    const accepted = await client.query<{ event_id: string | null; times: string; dropped: string; at_ms: string[] }>(
      `select event_id, count(*) as times, count(*) filter (where fate <> 'land') as dropped,
              array_agg(received_ms::text) as at_ms
         from sim.acceptance group by event_id`,
    );
    const tables = await client.query<{ table_name: string }>('select table_name from sim.dataset_table');
    const rows = new Map<string, number>();
    for (const { table_name: table } of tables.rows) {
      const landed = await client.query<{ id: string; copies: string }>(
        `select _id as id, count(*) as copies from public.${client.escapeIdentifier(table)} group by _id`,
      );
      for (const { id, copies } of landed.rows) rows.set(id, (rows.get(id) ?? 0) + Number(copies));
    }
    return new Map(
      accepted.rows.map(({ event_id: id, times, dropped, at_ms: atMs }) => [
        id ?? '(without id)',
        {
          acceptances: Number(times),
          dropped: Number(dropped),
          rows: rows.get(id ?? '') ?? 0,
          acceptedAtMs: atMs.map(Number),
        },
      ]),
    );
  });
}

export function readStore(databaseUrl: string): Promise<Map<string, InStore>> {
  return withDatabase(databaseUrl, async (client) => {
    const ids = await client.query<{ id: string; seq: string }>(
      "select encode(event_id, 'hex') as id, seq from event_id",
    );
    const bodies = await client.query<{ id: string; form: number }>(
      "select encode(event_id, 'hex') as id, form from event_body",
    );
    const forms = new Map(bodies.rows.map(({ id, form }) => [id, form === 0 ? ('cut' as const) : ('whole' as const)]));
    const found = new Map<string, InStore & { readonly exceptions: ExceptionRecord[] }>(
      ids.rows.map(({ id, seq }) => {
        const form = forms.get(id);
        return [id, { isLogged: seq !== '0', ...(form === undefined ? {} : { form }), exceptions: [] }];
      }),
    );
    const exceptions = await client.query<{
      id: string;
      reason: string;
      state: string;
      resolution: string | null;
      decision: string | null;
      decided_by: string | null;
      attempts: number;
      facts: string[];
    }>(
      `select encode(event_id, 'hex') as id, reason, state, resolution, decision, decided_by, attempts,
              array(select jsonb_array_elements(evidence) ->> 'fact') as facts
         from exception order by exception.id`,
    );
    for (const { id, resolution, decision, decided_by: decidedBy, ...record } of exceptions.rows) {
      const entry = found.get(id) ?? { isLogged: false, exceptions: [] };
      found.set(id, entry);
      entry.exceptions.push({
        ...record,
        ...(resolution === null ? {} : { resolution }),
        ...(decision === null ? {} : { decision }),
        ...(decidedBy === null ? {} : { decidedBy }),
      });
    }
    return found;
  });
}

/** What is still to be done. */
export interface Backlog {
  /** Ids in the store: fewer than were answered with 2xx while receivers have spooled some. */
  readonly known: number;
  readonly waiting: number;
  readonly undecided: number;
  /** Exceptions that the product will go on with by itself. */
  readonly moving: number;
  /** Accepted by the inlet, not in the lake yet. */
  readonly landing: number;
}

/** The simulator makes a lake and its tables at the first use. */
const NOT_MADE: ReadonlySet<unknown> = new Set(['3D000', '42P01']);

function nothingIfNotMade(error: unknown): 0 {
  if (NOT_MADE.has((error as { code?: unknown }).code)) return 0;
  throw error;
}

export async function readBacklog(databaseUrl: string, lakeUrl: string): Promise<Backlog> {
  const inStore = await withDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query<{ known: string; waiting: string; undecided: string; moving: string }>(
      `select (select count(*) from event_id) as known,
         (select count(*) from event_body b left join partition_cursor c using (source_id, partition)
           where b.seq > coalesce(c.cursor_seq, 0) and not exists (
             select from exception x where x.source_id = b.source_id and x.event_id = b.event_id)) as waiting,
         (select coalesce(sum(undecided), 0) from partition_cursor) as undecided,
         (select count(*) from exception where state in ('waiting', 'sending')) as moving`,
    );
    return rows[0];
  });
  const landing = await withDatabase(lakeUrl, async (client) => {
    const { rows } = await client.query<{ landing: string }>('select count(*) as landing from sim.pending');
    return rows[0]?.landing;
  }).catch(nothingIfNotMade);
  return {
    known: Number(inStore?.known),
    waiting: Number(inStore?.waiting),
    undecided: Number(inStore?.undecided),
    moving: Number(inStore?.moving),
    landing: Number(landing),
  };
}
