/** What an XDM field group lacks of a manifest's fields. Only what is added is accepted once a dataset uses the schema. */
import { type ComparedField, XDM_FIELD } from '../comparison.js';
import { type XdmNode, type XdmObject, xdmOf } from './xdmFields.js';

interface FieldAddition {
  /** Below the tenant's node: `visitor.tags`. */
  readonly path: string;
  /** The same way through the stored document: names between `properties` and `items`. */
  readonly place: readonly string[];
  readonly value: object;
}

export interface FieldAdditions {
  readonly additions: readonly FieldAddition[];
  /** Of each field that is another one there: `visits: integer there, string in the manifest`. */
  readonly atOdds: readonly string[];
}

interface StoredField {
  readonly type?: unknown;
  readonly format?: unknown;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly items?: unknown;
}

/**
 * @param stored the tenant's node as the Schema Registry has it, references not resolved
 * @param wanted every field that the manifest has
 */
export function fieldAdditions(stored: unknown, wanted: XdmObject): FieldAdditions {
  const additions: FieldAddition[] = [];
  const atOdds: string[] = [];

  const walk = (there: StoredField, node: XdmNode, path: string, place: readonly string[]): void => {
    if (node.kind === 'object') {
      for (const [name, member] of node.members) {
        const inner = path === '' ? name : `${path}.${name}`;
        const found = there.properties?.[name];
        const at = [...place, 'properties', name];
        if (found === undefined) additions.push({ path: inner, place: at, value: xdmOf(member) });
        else compare(storedField(found), member, inner, at);
      }
    } else if (node.kind === 'list') {
      compare(storedField(there.items), node.items, `${path}[*]`, [...place, 'items']);
    }
  };

  const compare = (there: StoredField, node: XdmNode, path: string, place: readonly string[]): void => {
    const [found, expected] = [nameOf(there), nameOf(xdmOf(node))];
    if (found === expected) walk(there, node, path, place);
    else atOdds.push(`${path}: ${found} there, ${expected} in the manifest`);
  };

  walk(storedField(stored), wanted, '', []);
  return { additions, atOdds };
}

/** Every field that is wanted, each by its type. Below one that is missing or is of another type nothing is compared. */
export function comparedFields(stored: unknown, wanted: XdmObject): ComparedField[] {
  const walk = (there: unknown, node: XdmNode, path: string): ComparedField[] => {
    if (node.kind === 'object')
      return [...node.members].flatMap(([name, member]) =>
        compare(storedField(there).properties?.[name], member, path === '' ? name : `${path}.${name}`),
      );
    return node.kind === 'list' ? compare(storedField(there).items, node.items, `${path}[*]`) : [];
  };
  const compare = (there: unknown, node: XdmNode, path: string): ComparedField[] => {
    const type = nameOf(xdmOf(node));
    const found = there === undefined ? undefined : nameOf(storedField(there));
    return [{ field: `${XDM_FIELD}${path}`, wanted: type, found }, ...(type === found ? walk(there, node, path) : [])];
  };
  return walk(stored, wanted, '');
}

function storedField(value: unknown): StoredField {
  return typeof value === 'object' && value !== null ? value : {};
}

function nameOf({ type, format }: StoredField): string {
  const name = typeof type === 'string' ? type : 'unknown';
  return format === 'date' || format === 'date-time' ? format : name;
}
