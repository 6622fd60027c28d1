/** What stands in the way of a mapping before anything is made: rows that every mapping needs, fields that do not exist. */
import { mappingNeedsId } from '../../dataprep/needed.js';
import { parsePath, type Path } from '../../dataprep/path.js';
import { mappingUnreadable, readsOf, unreadableRows } from '../../dataprep/reads.js';
import type { CatalogueError, Problem } from '../../domain/errors.js';
import type { Manifest, MappingRow } from '../../domain/source/manifest.js';
import { fieldAt, TENANT, type XdmObject } from '../../domain/source/xdm/xdmFields.js';
import { unknownInOriginal } from '../../manifest/mapping/names.js';
import { nearest } from '../../manifest/suggestion.js';

/** A schema as the registry shows it with everything resolved. */
export interface ResolvedSchema {
  readonly title: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * @param tenantId without its underscore; rows are written without knowing it
 * @param schema that of the dataset, where it exists
 * @param added below the tenant's node: fields that the field group gets where it lacks them
 */
export function mappingProblems(
  { mapping, mappingReads, proof }: Pick<Manifest, 'mapping' | 'mappingReads' | 'proof'>,
  tenantId: string,
  schema: ResolvedSchema | undefined,
  added?: XdmObject,
): CatalogueError[] {
  const needed = proof === 'none' ? undefined : mappingNeedsId(mapping);
  const unreadable = mappingReads === undefined ? unreadableRows(mapping) : [];
  const problems = [
    ...mapping.flatMap(unknownReads),
    ...(schema === undefined
      ? []
      : mapping.flatMap((row) => (isAdded(row, added) ? [] : unknownDestination(row, tenantId, schema)))),
  ];
  return [
    ...(needed === undefined ? [] : [needed]),
    ...unreadable.map(mappingUnreadable),
    ...(problems.length === 0
      ? []
      : [{ code: 'CAEP_MAPPING_UNKNOWN_FIELD', fields: { count: String(problems.length) }, problems } as const]),
  ];
}

function unknownReads(row: MappingRow): Problem[] {
  const found = readsOf([row]);
  if ('unreadable' in found) return [];
  return found.reads.flatMap((read): Problem[] => {
    const unknown = unknownInOriginal(read);
    return unknown === undefined ? [] : [{ path: `${row.source} → ${row.destination}`, ...unknown }];
  });
}

function isAdded({ destination }: MappingRow, added: XdmObject | undefined): boolean {
  const path = destination.startsWith(TENANT) ? parsePath(destination.slice(TENANT.length)) : undefined;
  return path !== undefined && added !== undefined && fieldAt(added, path) !== undefined;
}

function unknownDestination({ source, destination }: MappingRow, tenantId: string, schema: ResolvedSchema): Problem[] {
  const written = destination.replace('{tenant}', `_${tenantId}`);
  const path = parsePath(written);
  if (path !== undefined && hasField(schema.body, path)) return [];
  const meant = nearest(written, fieldsOf(schema.body));
  return [
    {
      path: `${source} → ${destination}`,
      expected: `a field of the schema "${schema.title}"`,
      got: written,
      ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
    },
  ];
}

type Node = Readonly<Record<string, unknown>>;

function hasField(schema: Node, path: Path): boolean {
  let node: Node | undefined = schema;
  for (const part of path) {
    node = 'index' in part ? asNode(node['items']) : memberOf(node, part.name);
    if (node === undefined) return false;
  }
  return true;
}

/** Of a map any name. */
function memberOf(node: Node, name: string): Node | undefined {
  const properties = asNode(node['properties']);
  const own = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return asNode(own ?? node['additionalProperties']);
}

/** So deep goes no schema of events; a suggestion is worth no more. */
const DEEPEST = 8;

/** Every field that holds no others, as a mapping names it. */
function fieldsOf(schema: Node, path = '', depth = 0): string[] {
  if (depth > DEEPEST) return [];
  const items = asNode(schema['items']);
  if (items !== undefined) return fieldsOf(items, `${path}[*]`, depth + 1);
  const properties = Object.entries(asNode(schema['properties']) ?? {});
  if (properties.length === 0) return [path];
  return properties.flatMap(([name, inner]) =>
    fieldsOf(asNode(inner) ?? {}, path === '' ? name : `${path}.${name}`, depth + 1),
  );
}

function asNode(value: unknown): Node | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : undefined;
}
