import { titleHolder } from '../../../adobe/http/catalogue.js';
import { EXPERIENCE_EVENT_CLASS } from '../../../adobe/http/constants.js';
import type { XdmResource } from '../../../adobe/services/schemaRegistry.js';
import { idOf, onlyOfOurs } from '../comparing.js';
import { changeNames } from '../inPlace.js';
import { markerDescription, standingAmong } from '../ownership.js';
import { made, type Standing, type Step, type StepContext } from '../step.js';

function describe({ marker }: StepContext): string {
  return markerDescription('ExperienceEvent schema of Chatlio events.', marker);
}

function standingOf(context: StepContext, rows: readonly XdmResource[]): Standing {
  return standingAmong(rows, {
    step: 'schema',
    marker: context.marker,
    name: context.manifest.xdm.schema.title,
    nameOf: (row) => row.title,
    resourceOf: ({ id, altId }) => ({ id, altId }),
    taken: 'title',
  });
}

/** Never enabled for Profile: the union tag can't be removed, so a schema that has it can't be undone. */
export const schema: Step = {
  name: 'schema',
  label: ({ manifest }) => manifest.xdm.schema.title,
  async lookup(context) {
    const { title } = context.manifest.xdm.schema;
    const registry = context.adobe.schemaRegistry;
    const [byTitle, byMarker] = await Promise.all([
      registry.listSchemas({ title }),
      registry.listSchemas({ description: describe(context) }),
    ]);
    return standingOf(context, [...byMarker, ...byTitle]);
  },
  async create(context) {
    const { id, altId } = await context.adobe.schemaRegistry.createSchema({
      type: 'object',
      title: context.manifest.xdm.schema.title,
      description: describe(context),
      allOf: [{ $ref: EXPERIENCE_EVENT_CLASS }, { $ref: made(context.resources, 'field-group').id }],
    });
    return { kind: 'schema', id, altId, origin: 'created' };
  },
  async compare(context, resource) {
    const found = await context.adobe.schemaRegistry.getSchema(resource.altId ?? resource.id);
    if (found === undefined) return 'gone';
    const part = (field: string, wanted: string) => ({
      field,
      wanted,
      found: found.extends.includes(wanted) ? wanted : undefined,
    });
    return [
      { field: 'title', wanted: context.manifest.xdm.schema.title, found: found.title },
      ...onlyOfOurs(resource, { field: 'description', wanted: describe(context), found: found.description }),
      part('class', EXPERIENCE_EVENT_CLASS),
      part('field group', idOf(context, 'field-group')),
    ];
  },
  async standingAfterRefusal(context, refusal) {
    const holder = titleHolder(refusal);
    const row = holder === undefined ? undefined : await context.adobe.schemaRegistry.getSchema(holder);
    return row === undefined ? undefined : standingOf(context, [row]);
  },
  async change(context, resource) {
    const { schemaRegistry } = context.adobe;
    const { title } = context.manifest.xdm.schema;
    const id = resource.altId ?? resource.id;
    await changeNames({
      read: () => schemaRegistry.getSchema(id),
      wanted: { title, ...(resource.origin === 'created' ? { description: describe(context) } : {}) },
      patch: (_etag, operations) => schemaRegistry.patchSchema(id, operations),
      gone: { name: context.manifest.name, resources: title },
    });
    return resource;
  },
  async remove(context, { id, altId }) {
    await context.adobe.schemaRegistry.deleteSchema(altId ?? id);
    return 'deleted';
  },
  async referenced(context) {
    const datasets = await context.adobe.catalog.findDatasets({ name: context.manifest.dataset.name });
    return datasets.flatMap(({ schemaId }) => schemaId ?? []);
  },
};
