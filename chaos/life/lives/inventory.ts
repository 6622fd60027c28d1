/** What the simulator itself says that exists. A sandbox has one life at a time: what is not that life's was left by one before. */
import { type SourceUnderTest } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import { stepOf } from '../../stack/product/objects.js';
import type { ObjectRow } from '../../stack/simulatorAdmin.js';

export interface Found {
  /** Of every object but the mapping sets. */
  readonly steps: readonly string[];
  /** Of this source. */
  readonly mappingSets: number;
}

export async function foundOf({ simulator }: ChaosStack, { sandbox, uid, name }: SourceUnderTest): Promise<Found> {
  const rows = await simulator.objects(sandbox);
  const schemas = new Map(rows.map((row) => [row.id, row]));
  // A descriptor has no name: it is whose its schema is.
  const isOthers = (row: ObjectRow) => (lifeOf(row) ?? lifeOf(schemas.get(row.schemaId ?? '')) ?? name) !== name;
  return {
    steps: rows.filter((row) => !isMappingSet(row) && !isOthers(row)).map(stepOf),
    mappingSets: rows.filter((row) => isMappingSet(row) && row.name.endsWith(uid)).length,
  };
}

export interface Left {
  /** Neither a mapping set nor anything of a life that is not over. */
  readonly orphans: readonly string[];
  readonly mappingSets: number;
  /** Of one source more than one. */
  readonly more: readonly string[];
}

/** When all lives are over. */
export async function leftIn({ simulator, sandboxes }: ChaosStack): Promise<Left> {
  const rows = (await Promise.all(sandboxes.map((sandbox) => simulator.objects(sandbox)))).flat();
  const sets = rows.filter(isMappingSet).map(({ name }) => name);
  return {
    orphans: rows.filter((row) => !isMappingSet(row)).map(({ kind, id, name }) => `${kind} ${id} ${name}`),
    mappingSets: sets.length,
    more: sets.filter((name, index) => sets.indexOf(name) !== index),
  };
}

/** By what it is called. */
function lifeOf(row: ObjectRow | undefined): string | undefined {
  return /\blife-\d+\b/.exec(row?.name ?? '')?.[0];
}

function isMappingSet({ kind }: ObjectRow): boolean {
  return kind === 'mappingSets';
}
