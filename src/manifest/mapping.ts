/** The mapping: the default row of every derived field, with the manifest's own rows laid over it by destination. */
import { parsePath } from '../dataprep/path.js';
import { CANONICAL_FIELDS } from '../domain/events/canonical.js';
import { DERIVED_FIELDS, WHOLE_FIELDS } from '../domain/projection/fields.js';
import type { MappingRow } from '../domain/source/manifest.js';
import { fieldAt, fieldPaths, TENANT, tenantFields, type XdmChoice } from '../domain/source/xdm/xdmFields.js';

/** Fields of the ExperienceEvent class that we fill. */
const CLASS_FIELDS = Object.values(CANONICAL_FIELDS)
  .map(({ destination }): string => destination)
  .filter((destination) => !destination.startsWith(TENANT));

/** How a manifest may name our own: `{tenant}.message` also as `message`, since all our fields stand below that node. */
export const DESTINATION_SPELLINGS: readonly string[] = [
  ...Object.values(DERIVED_FIELDS).map(({ destination }) => destination),
  ...Object.values(DERIVED_FIELDS)
    .filter(({ destination }) => destination.startsWith(TENANT))
    .map(({ destination }) => destination.slice(TENANT.length)),
];

/** Fields of the ExperienceEvent class without which a record is refused or cannot be told apart. */
export const NEEDED_DESTINATIONS = ['_id', 'timestamp', 'eventType'] as const;

/** A row of the manifest: `source: false` drops the default row. */
export interface MappingOverride {
  readonly destination: string;
  readonly source?: string | false;
  readonly expression?: string;
}

/** The tenant's node as Adobe writes it, by its name or in the place of it. A sandbox has one, and no field of ours begins so. */
const TENANT_NODE = /^_(?!id\.)(?:\{TENANT_ID\}|[A-Za-z0-9_]+)\./;

export function fullDestination(spelling: string): string {
  if (CLASS_FIELDS.includes(spelling) || spelling.startsWith(TENANT)) return spelling;
  return `${TENANT}${spelling.replace(TENANT_NODE, '')}`;
}

/** Asks of a destination, in whatever spelling, whether the schema has it. */
export function destinationsIn(choice: XdmChoice): {
  readonly has: (spelling: string) => boolean;
  readonly all: readonly string[];
} {
  const fields = tenantFields(choice);
  return {
    has(spelling) {
      const full = fullDestination(spelling);
      if (CLASS_FIELDS.includes(full)) return true;
      const path = parsePath(full.slice(TENANT.length));
      return path !== undefined && fieldAt(fields, path) !== undefined;
    },
    all: [...CLASS_FIELDS, ...fieldPaths(fields)],
  };
}

/** Default rows, by destination. Those of 0.1.x alone where the manifest does not say that chats are stored whole. */
function defaultRows({ contents }: XdmChoice): ReadonlyMap<string, string> {
  const fields = contents === 'full' ? { ...CANONICAL_FIELDS, ...WHOLE_FIELDS } : CANONICAL_FIELDS;
  return new Map(Object.entries(fields).map(([name, { destination }]) => [destination, name]));
}

interface RowsChoice extends XdmChoice {
  /** Not `false`: every field of an event that no row names has its default row. */
  readonly defaults?: boolean | undefined;
}

/** The rows to be mapped, always in the order of the table of fields, so that equal manifests are equal. */
export function mappingRows(overrides: readonly MappingOverride[], choice: RowsChoice): MappingRow[] {
  const byDestination = new Map(overrides.map((override) => [fullDestination(override.destination), override]));
  const defaults = defaultRows(choice);
  const others = [...byDestination.keys()].filter((destination) => !defaults.has(destination)).sort();
  return [...defaults.keys(), ...others].flatMap((destination): MappingRow[] => {
    const override = byDestination.get(destination);
    if (override?.source === false) return [];
    if (override?.expression !== undefined) {
      return [{ source: override.expression, sourceType: 'EXPRESSION', destination }];
    }
    const source = override?.source ?? (choice.defaults === false ? undefined : defaults.get(destination));
    return source === undefined ? [] : [{ source, sourceType: 'ATTRIBUTE', destination }];
  });
}
