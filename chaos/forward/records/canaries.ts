/**
 * Whether after each update the first event of a kind went alone: no second one was accepted before it was in the lake, or before the
 * lake had had as long as it may take. Read with our own SQL; the comparison is pure.
 */
import type { MappingVersion } from '../platform.js';
import type { Difference } from './compare.js';
import { withDatabase } from '../../stack/database.js';

/** A request that the inlet has accepted, with the times of the simulator, which are this machine's. */
export interface Accepted {
  readonly eventId: string;
  /** As the product's database has it, a number. */
  readonly kind: number;
  readonly mapping: MappingVersion;
  readonly atMs: number;
  /** When the lake had it; absent where it never did. */
  readonly landedAtMs?: number;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** In the order in which they were accepted. @param lakeUrl of the sandbox's database */
export async function readAccepted(databaseUrl: string, lakeUrl: string): Promise<Accepted[]> {
  const kinds = await withDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query<{ id: string; kind: number }>(
      "select encode(event_id, 'hex') as id, kind from event_id",
    );
    return new Map(rows.map(({ id, kind }) => [id, kind]));
  });
  return withDatabase(lakeUrl, async (client) => {
    const tables = await client.query<{ table_name: string }>('select table_name from sim.dataset_table');
    const landed = new Map<string, number>();
    for (const { table_name: table } of tables.rows) {
      const { rows } = await client.query<{ id: string; at_ms: number }>(
        `select _id as id, min((_acp_system_metadata ->> 'ingestTime')::float8) as at_ms
         from public.${client.escapeIdentifier(table)} group by _id`,
      );
      for (const { id, at_ms: atMs } of rows) landed.set(id, atMs);
    }
    const { rows } = await client.query<{ id: string; mapping_id: string; mapping_version: number; at_ms: number }>(
      `select s.event_id as id, s.mapping_id, s.mapping_version, a.received_ms::float8 as at_ms
       from chaos.sent s join sim.acceptance a using (sequence)
       where s.event_id is not null and s.mapping_id is not null order by a.received_ms, sequence`,
    );
    return rows.flatMap(({ id, mapping_id: mappingId, mapping_version: version, at_ms: atMs }) => {
      const kind = kinds.get(id);
      const landedAtMs = landed.get(id);
      if (kind === undefined) return [];
      const mapping = { id: mappingId, version };
      return [{ eventId: id, kind, mapping, atMs, ...(landedAtMs === undefined ? {} : { landedAtMs }) }];
    });
  });
}

/**
 * @param input.accepted in the order of acceptance
 * @param input.updatedTo mappings since whose first use a kind waits for its first event
 * @param input.lostCommits a database that has gone back does not know which event it has sent first
 * @returns how many first events were followed by a second one, and which of these came too early
 */
export function canariesOf(input: {
  readonly accepted: readonly Accepted[];
  readonly updatedTo: readonly MappingVersion[];
  readonly lakeLatencyMs: number;
  readonly lostCommits: readonly Span[];
}): { readonly followed: number; readonly differences: readonly Difference[] } {
  const { accepted, updatedTo, lakeLatencyMs, lostCommits } = input;
  const firsts = new Map<string, Accepted>();
  const seconds = new Set<string>();
  const differences: Difference[] = [];
  for (const one of accepted) {
    const { id, version } = one.mapping;
    if (!updatedTo.some((mapping) => mapping.id === id && mapping.version === version)) continue;
    const key = `${id}/${version}/${one.kind}`;
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, one);
    if (first === undefined || first.eventId === one.eventId || seconds.has(key)) continue;
    seconds.add(key);
    const provenAtMs = Math.min(first.landedAtMs ?? Number.POSITIVE_INFINITY, first.atMs + lakeLatencyMs);
    const isForgotten = lostCommits.some(({ fromMs, toMs }) => fromMs < one.atMs && toMs > first.atMs);
    if (one.atMs >= provenAtMs || isForgotten) continue;
    const detail = `kind ${one.kind}, version ${version} of the mapping: accepted ${provenAtMs - one.atMs} ms before ${first.eventId.slice(0, 16)} was proven`;
    differences.push({ wrong: 'before its canary', eventId: one.eventId, detail });
  }
  return { followed: seconds.size, differences };
}
