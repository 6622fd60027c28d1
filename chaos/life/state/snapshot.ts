/** Everything that a source is at Adobe, in its workflow and in PostgreSQL, so that two sources can be compared: without ids and times. */
import type { SourceState } from '../../../src/domain/source/source.js';
import { withDatabase } from '../../stack/database.js';
import { patiently } from '../../stack/patience.js';
import { documentOf, stepOf } from '../../stack/product/objects.js';
import type { SourceUnderTest } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';

export interface Snapshot {
  readonly objects: readonly { readonly step: string; readonly document: unknown }[];
  readonly workflow: unknown;
  readonly store: StoreSnapshot;
}

interface StoreSnapshot {
  readonly gate?: {
    readonly open: boolean;
    readonly reason: string;
    /** Where events go, and what leaves of them. */
    readonly flow: string | null;
    readonly mapping: string | null;
  };
  /** Webhook URLs that are taken. */
  readonly routes: number;
  readonly retired: boolean;
  /** What the source's history says, in its order. */
  readonly operations: readonly string[];
}

/** Other in every source, and in every moment. */
const VOLATILE = new Set(
  (
    'created updated createdAt updatedAt createdBy updatedBy createdClient updatedClient createdDate modifiedDate modifiedAt ' +
    'etag meta:registryMetadata meta:sandboxId meta:sandboxType meta:altId altId sandboxId viewId files adobe/pqs/table ' +
    'lastOperation providerRefId inletUrl since startedAt endedAt opensAt liveSince lookedAt revokedAt atMostUntil'
  ).split(' '),
);

export async function snapshotOf(stack: ChaosStack, source: SourceUnderTest): Promise<Snapshot> {
  const rows = (await stack.simulator.objects(source.sandbox)).filter(({ id }) => !source.before.has(id));
  const [state, store] = await Promise.all([source.state(), storeOf(stack, source)]);
  const documents = await Promise.all(
    rows.map(async (row) => {
      const version = state.resources['mapping-set']?.version;
      return { step: stepOf(row), document: await documentOf(stack, source.sandbox, row, version) };
    }),
  );
  const names: [string, string][] = [
    ...namesOf(
      rows.map((row) => ({ id: row.id, step: stepOf(row) })),
      state,
    ),
    [source.uid, '<uid>'],
    [source.name, '<name>'],
    [source.sandbox, '<sandbox>'],
    ...idsOf(state).map(([step, id]): [string, string] => [id, `<${step}, gone>`]),
    // After a teardown only the gate tells which one it was.
    ...[store.gate?.flow ?? []].flat().map((id): [string, string] => [id, '<flow, gone>']),
  ];
  return comparable({ objects: documents.toSorted(byStep), workflow: state, store }, names);
}

/** What the source uses has the name of its step; of what is beside it, each has another name. */
export function namesOf(
  rows: readonly { readonly id: string; readonly step: string }[],
  { resources }: Pick<SourceState, 'resources'>,
): [string, string][] {
  const used: ReadonlySet<string> = new Set(
    Object.values(resources).flatMap(({ id, altId }) => [id, ...(altId === undefined ? [] : [altId])]),
  );
  const beside = new Map<string, number>();
  return rows.map(({ id, step }) => {
    if (used.has(id)) return [id, `<${step}>`];
    const number = (beside.get(step) ?? 0) + 1;
    beside.set(step, number);
    return [id, `<${step}, beside ${number}>`];
  });
}

function byStep(a: { readonly step: string }, b: { readonly step: string }): number {
  return a.step.localeCompare(b.step);
}

/** Of what is deleted, too. */
function idsOf({ resources }: SourceState): [string, string][] {
  return Object.entries(resources).flatMap(([step, resource]): [string, string][] =>
    resource.id === undefined ? [] : [[step, resource.id]],
  );
}

function comparable<T>(value: T, names: readonly (readonly [string, string])[]): T {
  let text = JSON.stringify(value, (key, inner: unknown) => (VOLATILE.has(key) ? undefined : sorted(inner)));
  for (const [id, name] of names) text = text.replaceAll(id, name);
  return JSON.parse(
    text
      .replaceAll(...ROWS)
      .replaceAll(...REVISIONS)
      .replaceAll(...DELETED),
  ) as T;
}

/** Ids of what has none of our own: of rows of a mapping. */
const ROWS = [/"id":"[0-9a-f-]{32,36}"/g, '"id":"<id>"'] as const;
/** Flow Service tells its etag once more as a version. */
const REVISIONS = [/"version":"\\"[0-9a-f-]+\\""/g, '"version":"<etag>"'] as const;
/** What refers to a schema or field group that does not exist any more. */
const DELETED = [/ns\.adobe\.com\/\w+\/(schemas|mixins)\/[0-9a-f]+/g, '<$1, deleted>'] as const;

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface SourceRow {
  readonly open: boolean;
  readonly reason: string;
  readonly flow: string | null;
  readonly mapping: string | null;
  readonly retired: boolean;
  readonly routes: number;
}

function storeOf({ databaseUrl }: ChaosStack, { name, uid }: SourceUnderTest): Promise<StoreSnapshot> {
  return patiently(() =>
    withDatabase(databaseUrl, async (client) => {
      const sources = await client.query<SourceRow>(
        `select gate.open, gate.flow_id as flow, p.projection->'mappingSet'->>'version' as mapping, case when gate.open then '' else gate.reason end as reason,
                source.retired_at is not null as retired,
                (select count(*)::int from route where source_id = source.id
                   and (expires_at is null or expires_at > now())) as routes
           from source join gate on gate.source_id = source.id
             left join projection p on p.source_id = source.id and p.version = gate.projection_version
          where uid = $1`,
        [uid],
      );
      const operations = await client.query<{ told: string }>(
        `select concat_ws(' ', kind, result, error_code) as told from operation where source_name = $1 order by id`,
        [name],
      );
      const row = sources.rows[0];
      return {
        ...(row === undefined
          ? {}
          : { gate: { open: row.open, reason: row.reason, flow: row.flow, mapping: row.mapping } }),
        routes: row?.routes ?? 0,
        retired: row?.retired ?? false,
        operations: operations.rows.map(({ told }) => told),
      };
    }),
  );
}

/** Where two values are not the same, and how: as paths. */
export function differencesOf(found: unknown, expected: unknown, path = ''): string[] {
  if (JSON.stringify(found) === JSON.stringify(expected)) return [];
  const [a, b] = [membersOf(found), membersOf(expected)];
  if (a === undefined || b === undefined) return [`${path}: ${shown(found)}, expected ${shown(expected)}`];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) => differencesOf(a[key], b[key], path === '' ? key : `${path}.${key}`));
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200);
}
