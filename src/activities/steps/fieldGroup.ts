import { titleHolder } from '../../adobe/catalogue.js';
import { EXPERIENCE_EVENT_CLASS } from '../../adobe/constants.js';
import type { XdmResource } from '../../adobe/schemaRegistry.js';
import { CANONICAL_FIELDS, CANONICAL_FIELD_NAMES } from '../../domain/canonical.js';
import { markerDescription, standingAmong } from './ownership.js';
import type { Standing, Step, StepContext } from './step.js';

const XDM_TYPES = {
  string: { type: 'string' },
  'date-time': { type: 'string', format: 'date-time' },
  integer: { type: 'integer' },
  boolean: { type: 'boolean' },
} as const;

/** Every field of the canonical event below the tenant's node; `_id`, `timestamp` and `eventType` belong to the class. */
function tenantProperties(): Record<string, object> {
  const prefix = '{tenant}.';
  return Object.fromEntries(
    CANONICAL_FIELD_NAMES.map((name) => CANONICAL_FIELDS[name])
      .filter(({ destination }) => destination.startsWith(prefix))
      .map(({ destination, type, title }) => [destination.slice(prefix.length), { title, ...XDM_TYPES[type] }]),
  );
}

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
        chatlio: { properties: { [`_${tenantId}`]: { type: 'object', properties: tenantProperties() } } },
      },
      allOf: [{ $ref: '#/definitions/chatlio' }],
    });
    return { kind: 'field-group', id, altId, origin: 'created' };
  },
  async standingAfterRefusal(context, refusal) {
    const holder = titleHolder(refusal);
    const row = holder === undefined ? undefined : await context.adobe.schemaRegistry.getFieldGroup(holder);
    return row === undefined ? undefined : standingOf(context, [row]);
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
