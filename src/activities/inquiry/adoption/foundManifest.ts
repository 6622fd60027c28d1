/** Objects that exist, as a manifest says them; and what a manifest cannot say. */
import type { StoredMapping } from '../../../adobe/services/mappings.js';
import { parsePath } from '../../../dataprep/path.js';
import type { FoundManifest } from '../../../domain/source/adoption/adoption.js';
import type { MappingRow } from '../../../domain/source/manifest.js';
import { TENANT, XDM_PATH } from '../../../domain/source/xdm/xdmFields.js';
import { XDM_TYPES, type XdmField, type XdmType } from '../../../domain/source/xdm/xdmTypes.js';
import { destinationsIn } from '../../../manifest/mapping.js';
import type { FoundSource } from '../../steps/adopted/found.js';
import { foundIdentity } from './foundIdentity.js';

/** Names that a manifest can have: Adobe's filters use the two characters. */
const NAME = /^(?! )[^,=\p{Cc}]{1,120}(?<! )$/u;
const TAG = /^[^,:=*\p{Cc}]{1,128}$/u;
/** Of the platform, of Profile, and of ours. */
const RESERVED_TAG = /^(?:adobe\/|chatlio|unifiedProfile$|unifiedIdentity$)/i;

/** @param schema with every reference resolved */
export function foundManifest(found: FoundSource, schema: object): FoundManifest {
  const { fieldGroup, schema: ofDataset, dataset, mappingSet, tenantId } = found;
  const unsaid: string[] = [];
  for (const [what, name] of [
    ['title of the field group', fieldGroup.title],
    ['title of the schema', ofDataset.title],
    ['name of the dataset', dataset.name],
  ] as const) {
    if (!NAME.test(name)) unsaid.push(`the ${what} (${name}): give it one without commas and equals signs in Adobe`);
  }
  const rows: MappingRow[] = [];
  const fields: XdmField[] = [];
  for (const stored of mappingSet.mappings) {
    const row = rowOf(stored, tenantId);
    const field = 'why' in row ? undefined : fieldFor(row, schema, tenantId);
    const why = 'why' in row ? row.why : field !== undefined && 'why' in field ? field.why : undefined;
    if (why !== undefined) unsaid.push(`the row ${stored.source} → ${stored.destination}: ${why}`);
    else if (!('why' in row)) rows.push(row);
    if (field !== undefined && 'path' in field) fields.push(field);
  }
  const { identity, unsaid: identities } = foundIdentity(found, { rows, fields });
  return {
    fieldGroup: fieldGroup.title,
    schema: ofDataset.title,
    dataset: dataset.name,
    tags: tagsOf(dataset.tags, unsaid),
    fields,
    ...(identity === undefined ? {} : { identity }),
    rows,
    isForProfile: (dataset.tags['unifiedProfile'] ?? []).includes('enabled:true'),
    unsaid: [...unsaid, ...identities],
  };
}

function tagsOf(tags: Readonly<Record<string, readonly string[]>>, unsaid: string[]): FoundManifest['tags'] {
  const own = Object.entries(tags).filter(([name]) => !RESERVED_TAG.test(name));
  return Object.fromEntries(
    own.filter(([name, values]) => {
      const canBeSaid = TAG.test(name) && values.every((value) => value !== '' && !value.includes(','));
      if (!canBeSaid) unsaid.push(`the tag ${name} of the dataset`);
      return canBeSaid;
    }),
  );
}

type NotSaid = { readonly why: string };

function rowOf({ sourceType, source, destination }: StoredMapping, tenantId: string): MappingRow | NotSaid {
  if (sourceType !== 'ATTRIBUTE' && sourceType !== 'EXPRESSION')
    return { why: `its source is of the type ${sourceType}` };
  const tenant = `_${tenantId}.`;
  const ofTenant = destination.startsWith(tenant);
  const written = ofTenant ? `${TENANT}${destination.slice(tenant.length)}` : destination;
  if (!ofTenant && !destinationsIn({ contents: 'full' }).has(written)) {
    return { why: 'its field is neither below the tenant nor one of _id, timestamp and eventType' };
  }
  return { sourceType, source, destination: written };
}

/** For `xdm.fields`: where the field is none that our own field groups have. */
function fieldFor({ destination }: MappingRow, schema: object, tenantId: string): XdmField | NotSaid | undefined {
  if (destinationsIn({ contents: 'full' }).has(destination)) return undefined;
  const path = destination.slice(TENANT.length);
  const type = XDM_PATH.test(path) ? typeAt(schema, `_${tenantId}.${path}`) : undefined;
  return type === undefined
    ? { why: 'its field is of a type that `xdm.fields` does not have' }
    : { path, type, title: path };
}

interface Node {
  readonly type?: unknown;
  readonly format?: unknown;
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
}

function typeAt(schema: object, path: string): XdmType | undefined {
  const node = (parsePath(path) ?? []).reduce<Node | undefined>(
    (inner, part) => ('name' in part ? inner?.properties?.[part.name] : inner?.items),
    schema,
  );
  const types = Object.entries(XDM_TYPES) as [XdmType, { readonly type: string; readonly format?: string }][];
  const isFormat = node?.format === 'date' || node?.format === 'date-time' ? node.format : undefined;
  return types.find(([, one]) => one.type === node?.type && one.format === isFormat)?.[0];
}
