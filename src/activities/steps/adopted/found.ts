/** Everything that a flow consists of, read from Adobe: its connections, dataset, schema, field group and mapping set. */
import type { AdobeClients } from '../../../adobe/clients.js';
import type { Dataset } from '../../../adobe/services/catalog.js';
import type { MappingSet } from '../../../adobe/services/dataPrep.js';
import type { Connection, Flow } from '../../../adobe/services/flowService.js';
import type { IdentityDescriptor, XdmResource } from '../../../adobe/services/schemaRegistry.js';
import { codedError } from '../../../domain/errors.js';
import { STEPS, type StepName } from '../../../domain/source/steps.js';
import { tenantNodeIn } from '../table/tenantNode.js';

export interface FoundSource {
  /** Without its underscore. */
  readonly tenantId: string;
  readonly flow: Flow;
  readonly sourceConnection: Connection;
  readonly targetConnection: Connection;
  readonly dataset: Dataset;
  readonly schema: XdmResource;
  readonly fieldGroup: XdmResource;
  /** In the version that the flow leads to. */
  readonly mappingSet: MappingSet;
  readonly identities: readonly IdentityDescriptor[];
}

/**
 * @throws CodedError `CAEP_ADOPT_NO_FLOW` where there is no such flow, `CAEP_ADOPT_INCOMPLETE` where a part of it is not there;
 *   AdobeCallError
 */
export async function readFound(
  { flowService, catalog, schemaRegistry, dataPrep }: AdobeClients,
  flowId: string,
): Promise<FoundSource> {
  const flow = await flowService.getFlow(flowId);
  if (flow === undefined) throw codedError('CAEP_ADOPT_NO_FLOW', { flow: flowId });
  const lacks = (step: StepName, got: string) =>
    codedError('CAEP_ADOPT_INCOMPLETE', { flow: flowId, resource: STEPS[step].title, got });
  const one = (step: StepName, ids: readonly string[]): string => {
    const [id, ...others] = ids;
    if (id === undefined || others.length > 0) throw lacks(step, ids.length === 0 ? 'none' : ids.join(', '));
    return id;
  };
  const there = <T>(step: StepName, found: T | undefined, id: string | undefined): T => {
    if (found === undefined) throw lacks(step, id === undefined ? 'none' : `${id}, which does not exist`);
    return found;
  };
  const byId = async <T>(
    step: StepName,
    id: string | undefined,
    get: (id: string) => Promise<T | undefined>,
  ): Promise<T> => there(step, id === undefined ? undefined : await get(id), id);

  const { tenantId } = await schemaRegistry.stats();
  const [sourceConnection, targetConnection] = await Promise.all([
    byId('source-connection', one('source-connection', flow.sourceConnectionIds), flowService.getSourceConnection),
    byId('target-connection', one('target-connection', flow.targetConnectionIds), flowService.getTargetConnection),
  ]);
  const dataset = await byId('dataset', targetConnection.dataSetId, catalog.getDataset);
  const schema = await byId('schema', dataset.schemaId, (id) => schemaRegistry.getSchema(id));
  const { mapping } = flow;
  const mappingSet = await byId('mapping-set', mapping?.id, (id) => dataPrep.getMappingSet(id, mapping?.version ?? 0));
  const fieldGroup = await fieldGroupOf(schemaRegistry, schema, mappingSet, tenantId);
  const descriptors = await schemaRegistry.listDescriptors(schema.id);
  return {
    tenantId,
    flow,
    sourceConnection,
    targetConnection,
    dataset,
    schema,
    fieldGroup: there('field-group', fieldGroup, undefined),
    mappingSet,
    identities: descriptors.filter(({ type }) => type === 'xdm:descriptorIdentity'),
  };
}

/** Of several field groups of the tenant, the one with most of the fields that the mapping fills. */
async function fieldGroupOf(
  registry: AdobeClients['schemaRegistry'],
  schema: XdmResource,
  { mappings }: MappingSet,
  tenantId: string,
): Promise<XdmResource | undefined> {
  const ids = schema.extends.filter((id) => id.includes(`/${tenantId}/mixins/`));
  const groups = await Promise.all(ids.map((id) => registry.getFieldGroup(id)));
  const filled = new Set(mappings.map(({ destination }) => destination.split('.')[1]?.split('[', 1)[0]));
  const counted = groups.flatMap((group) => {
    const node = group === undefined ? undefined : tenantNodeIn(group, tenantId);
    const { properties = {} } = (node?.value ?? {}) as { readonly properties?: object };
    return group === undefined || node === undefined
      ? []
      : [{ group, count: Object.keys(properties).filter((name) => filled.has(name)).length }];
  });
  return counted.toSorted((a, b) => b.count - a.count)[0]?.group;
}
