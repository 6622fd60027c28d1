/** The mapping: the standard row of every canonical field, with the manifest's own rows laid over it by destination. */
import { CANONICAL_FIELD_NAMES, CANONICAL_FIELDS } from '../domain/canonical.js';
import type { MappingRow } from '../domain/manifest.js';

const TENANT = '{tenant}.';

/** Every XDM field that the schema has; those below the tenant's node written as `{tenant}.name`. */
const DESTINATIONS: readonly string[] = CANONICAL_FIELD_NAMES.map((field) => CANONICAL_FIELDS[field].destination);

/** How a manifest may name them: `{tenant}.message` also as `message`, since all our fields stand below that node. */
export const DESTINATION_SPELLINGS: readonly string[] = [
  ...DESTINATIONS,
  ...DESTINATIONS.filter((destination) => destination.startsWith(TENANT)).map((d) => d.slice(TENANT.length)),
];

/** Fields of the ExperienceEvent class without which a record is refused or cannot be told apart. */
export const NEEDED_DESTINATIONS = ['_id', 'timestamp', 'eventType'] as const;

/** A row of the manifest: `source: false` drops the standard row. */
export interface MappingOverride {
  readonly destination: string;
  readonly source?: string | false;
  readonly expression?: string;
}

export function fullDestination(spelling: string): string {
  return DESTINATIONS.includes(spelling) ? spelling : `${TENANT}${spelling}`;
}

/** The rows to be mapped, always in the order of the canonical event, so that equal manifests are equal. */
export function mappingRows(overrides: readonly MappingOverride[]): MappingRow[] {
  const byDestination = new Map(overrides.map((override) => [fullDestination(override.destination), override]));
  return CANONICAL_FIELD_NAMES.flatMap((field): MappingRow[] => {
    const { destination } = CANONICAL_FIELDS[field];
    const override = byDestination.get(destination);
    if (override?.source === false) return [];
    if (override?.expression !== undefined) {
      return [{ source: override.expression, sourceType: 'EXPRESSION', destination }];
    }
    return [{ source: override?.source ?? field, sourceType: 'ATTRIBUTE', destination }];
  });
}
