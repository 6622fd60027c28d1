import { titleHolder } from '../../../adobe/http/catalogue.js';
import { EXPERIENCE_EVENT_CLASS } from '../../../adobe/http/constants.js';
import { pointer } from '../../../adobe/services/patch.js';
import type { XdmResource } from '../../../adobe/services/schemaRegistry.js';
import { codedError } from '../../../domain/errors.js';
import { comparedFields, fieldAdditions } from '../../../domain/source/xdm/fieldAdditions.js';
import { propertiesOf, TENANT, tenantFields, type XdmObject } from '../../../domain/source/xdm/xdmFields.js';
import { amongst, onlyOfOurs } from '../comparing.js';
import { changeNames } from '../inPlace.js';
import { markerDescription, standingAmong } from '../ownership.js';
import type { Resource } from '../../../domain/source/steps.js';
import type { Standing, Step, StepContext } from '../step.js';
import { type TenantNode, tenantNodeIn } from './tenantNode.js';

function describe({ marker }: StepContext): string {
  return markerDescription('Fields of Chatlio events.', marker);
}

function standingOf(context: StepContext, rows: readonly XdmResource[]): Standing {
  return standingAmong(rows, {
    step: 'field-group',
    marker: context.marker,
    name: context.manifest.xdm.fieldGroup.title,
    nameOf: (row) => row.title,
    resourceOf: ({ id, altId }) => ({ id, altId }),
    taken: 'title',
  });
}

/**
 * Adds the fields that the manifest has and the field group lacks. Once a dataset uses it nothing else is accepted.
 *
 * @returns their paths below the tenant's node
 * @throws CodedError `CAEP_FIELDS_NOT_ADDABLE` where one is there as another one, or where the field group is not ours
 */
export async function addMissingFields(
  context: StepContext,
  { altId, id, origin }: Resource,
): Promise<readonly string[]> {
  const { schemaRegistry } = context.adobe;
  const { title } = context.manifest.xdm.fieldGroup;
  const stored = await schemaRegistry.getFieldGroup(altId ?? id);
  if (stored === undefined) throw codedError('CAEP_RESOURCE_GONE', { name: context.manifest.name, resources: title });
  const node = await tenantNode(context, stored);
  const { additions, atOdds } = fieldAdditions(node.value, wantedFields(context, { origin }));
  const refuse = (reason: string) => codedError('CAEP_FIELDS_NOT_ADDABLE', { title, reason });
  if (atOdds.length > 0) throw refuse(atOdds.join('; '));
  if (additions.length === 0) return [];
  if (origin === 'adopted') throw refuse(`it is not ours, and lacks ${additions.map(({ path }) => path).join(', ')}`);
  await schemaRegistry.patchFieldGroup(
    altId ?? id,
    additions.map(({ place, value }) => ({ op: 'add', path: pointer([...node.place, ...place]), value })),
  );
  return additions.map(({ path }) => path);
}

async function tenantNode(context: StepContext, stored: XdmResource): Promise<TenantNode> {
  const node = await findTenantNode(context, stored);
  if (node !== undefined) return node;
  const { title } = context.manifest.xdm.fieldGroup;
  throw codedError('CAEP_FIELDS_NOT_ADDABLE', { title, reason: 'it has no fields below the node of the tenant' });
}

async function findTenantNode({ adobe }: StepContext, stored: XdmResource): Promise<TenantNode | undefined> {
  return tenantNodeIn(stored, (await adobe.schemaRegistry.stats()).tenantId);
}

/** Of somebody else's, those that the mapping fills: it need not have what nothing is put into. */
function wantedFields({ manifest }: StepContext, { origin }: Pick<Resource, 'origin'>): XdmObject {
  const all = tenantFields(manifest);
  if (origin === 'created') return all;
  const filled = manifest.mapping.map(({ destination }) => destination.replace(TENANT, '').split(/[.[]/, 1)[0]);
  return { ...all, members: new Map([...all.members].filter(([name]) => filled.includes(name))) };
}

export const fieldGroup: Step = {
  name: 'field-group',
  label: ({ manifest }) => manifest.xdm.fieldGroup.title,
  async lookup(context) {
    const { title } = context.manifest.xdm.fieldGroup;
    const registry = context.adobe.schemaRegistry;
    const [byTitle, byMarker] = await Promise.all([
      registry.listFieldGroups({ title }),
      registry.listFieldGroups({ description: describe(context) }),
    ]);
    return standingOf(context, [...byMarker, ...byTitle]);
  },
  async create(context) {
    const { tenantId } = await context.adobe.schemaRegistry.stats();
    const { id, altId } = await context.adobe.schemaRegistry.createFieldGroup({
      type: 'object',
      title: context.manifest.xdm.fieldGroup.title,
      description: describe(context),
      'meta:intendedToExtend': [EXPERIENCE_EVENT_CLASS],
      definitions: {
        chatlio: {
          properties: {
            [`_${tenantId}`]: { type: 'object', properties: propertiesOf(tenantFields(context.manifest)) },
          },
        },
      },
      allOf: [{ $ref: '#/definitions/chatlio' }],
    });
    return { kind: 'field-group', id, altId, origin: 'created' };
  },
  async compare(context, resource) {
    const found = await context.adobe.schemaRegistry.getFieldGroup(resource.altId ?? resource.id);
    if (found === undefined) return 'gone';
    const node = await findTenantNode(context, found);
    return [
      { field: 'title', wanted: context.manifest.xdm.fieldGroup.title, found: found.title },
      ...onlyOfOurs(resource, { field: 'description', wanted: describe(context), found: found.description }),
      {
        field: 'class',
        wanted: EXPERIENCE_EVENT_CLASS,
        found: amongst(EXPERIENCE_EVENT_CLASS, found.intendedToExtend),
      },
      ...comparedFields(node?.value, wantedFields(context, resource)),
    ];
  },
  async standingAfterRefusal(context, refusal) {
    const holder = titleHolder(refusal);
    const row = holder === undefined ? undefined : await context.adobe.schemaRegistry.getFieldGroup(holder);
    return row === undefined ? undefined : standingOf(context, [row]);
  },
  // One that an earlier release has made, or that was made for another manifest, lacks fields that the mapping fills.
  async complete(context, resource, found) {
    if (found) await addMissingFields(context, resource);
    return {};
  },
  async change(context, resource) {
    await addMissingFields(context, resource);
    const { schemaRegistry } = context.adobe;
    const { title } = context.manifest.xdm.fieldGroup;
    const id = resource.altId ?? resource.id;
    await changeNames({
      read: () => schemaRegistry.getFieldGroup(id),
      wanted: { title, ...(resource.origin === 'created' ? { description: describe(context) } : {}) },
      patch: (_etag, operations) => schemaRegistry.patchFieldGroup(id, operations),
      gone: { name: context.manifest.name, resources: title },
    });
    return resource;
  },
  async remove(context, { id, altId }) {
    await context.adobe.schemaRegistry.deleteFieldGroup(altId ?? id);
    return 'deleted';
  },
  async referenced(context) {
    // Of several field groups of ours, the one that our schema refers to must stay.
    const schemas = await context.adobe.schemaRegistry.listSchemas({ title: context.manifest.xdm.schema.title });
    return schemas.flatMap((schema) => schema.extends);
  },
};
