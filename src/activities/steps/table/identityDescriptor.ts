import type { IdentityDescriptor } from '../../../adobe/services/schemaRegistry.js';
import { CANONICAL_FIELDS, type CanonicalField } from '../../../domain/events/canonical.js';
import { codedError } from '../../../domain/errors.js';
import type { Identity } from '../../../domain/source/manifest.js';
import { TENANT } from '../../../domain/source/xdm/xdmFields.js';
import { idOf } from '../comparing.js';
import { made, type Step, type StepContext } from '../step.js';

function identityOf({ manifest }: StepContext): Identity {
  if (manifest.identity === undefined) throw new Error('the manifest asks for no identity');
  return manifest.identity;
}

export async function sourceProperty(context: StepContext): Promise<string> {
  const { tenantId } = await context.adobe.schemaRegistry.stats();
  const { field } = identityOf(context);
  const destination = Object.hasOwn(CANONICAL_FIELDS, field)
    ? CANONICAL_FIELDS[field as CanonicalField].destination
    : `${TENANT}${field}`;
  return `/${destination.replace('{tenant}', `_${tenantId}`).replaceAll('.', '/')}`;
}

/** Named by its code, whose case does not count, or by its number. */
async function namespaceOf(
  { adobe, manifest }: StepContext,
  { namespace }: IdentityDescriptor,
): Promise<string | undefined> {
  const wanted = manifest.identity?.namespace;
  if (namespace === undefined || wanted === undefined || namespace === wanted) return namespace;
  const known = (await adobe.identityNamespaces.list()).find(
    ({ id, code }) => String(id) === namespace || code.toLowerCase() === namespace.toLowerCase(),
  );
  return known?.code.toLowerCase() === wanted.toLowerCase() ? wanted : (known?.code ?? namespace);
}

/** A descriptor carries no text of ours: on a schema that we made, one on our field is ours. */
export const identityDescriptor: Step = {
  name: 'identity-descriptor',
  needs: ['schema'],
  label: (context) => `${identityOf(context).field} as ${identityOf(context).namespace}`,
  async lookup(context) {
    const schema = made(context.resources, 'schema');
    // Undone after a correction has taken the identity out of the manifest: whichever field it was, on a schema of ours.
    const wanted = context.manifest.identity !== undefined;
    if (!wanted && schema.origin !== 'created') return { ours: [] };
    const [descriptors, property] = await Promise.all([
      context.adobe.schemaRegistry.listDescriptors(schema.id),
      wanted ? sourceProperty(context) : undefined,
    ]);
    const onOurField = descriptors.filter((descriptor) => !wanted || descriptor.sourceProperty === property);
    const resources = onOurField.map(({ id }) => ({ kind: 'identity-descriptor', id, origin: schema.origin }) as const);
    const [first] = resources;
    if (schema.origin === 'created' || first === undefined) return { ours: resources };
    return { ours: [], foreign: { resource: first, label: `${first.id} on the adopted schema`, taken: 'name' } };
  },
  async create(context) {
    const { namespace, primary } = identityOf(context);
    const namespaces = await context.adobe.identityNamespaces.list();
    if (!namespaces.some(({ code }) => code.toLowerCase() === namespace.toLowerCase())) {
      throw codedError('CAEP_NAMESPACE_UNKNOWN', { namespace });
    }
    const { id } = await context.adobe.schemaRegistry.createDescriptor({
      sourceSchema: made(context.resources, 'schema').id,
      sourceProperty: await sourceProperty(context),
      namespace,
      isPrimary: primary,
    });
    return { kind: 'identity-descriptor', id, origin: 'created' };
  },
  async compare(context, { id }) {
    const found = await context.adobe.schemaRegistry.getDescriptor(id);
    if (found === undefined) return 'gone';
    const wanted = context.manifest.identity;
    return [
      { field: 'schema', wanted: idOf(context, 'schema'), found: found.sourceSchema },
      { field: 'field', wanted: wanted && (await sourceProperty(context)), found: found.sourceProperty },
      { field: 'namespace', wanted: wanted?.namespace, found: await namespaceOf(context, found) },
      { field: 'primary', wanted: wanted && String(wanted.primary), found: String(found.isPrimary) },
    ];
  },
  async remove(context, { id }) {
    await context.adobe.schemaRegistry.deleteDescriptor(id);
    return 'deleted';
  },
};
