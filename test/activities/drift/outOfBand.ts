/** What somebody else does in Adobe, without us. */
import type { AdobeClients } from '../../../src/adobe/clients.js';
import type { Resources, StepName } from '../../../src/domain/source/steps.js';

/** What Adobe wants deleted before it deletes an object. */
const BEFORE: Readonly<Partial<Record<StepName, readonly StepName[]>>> = {
  'source-connection': ['flow'],
  'target-connection': ['flow'],
  schema: ['dataset'],
  'field-group': ['schema'],
};

/** @returns all that was deleted */
export async function deleteOutOfBand(
  clients: AdobeClients,
  resources: Resources,
  step: StepName,
): Promise<StepName[]> {
  const deleted: StepName[] = [];
  for (const other of BEFORE[step] ?? []) deleted.push(...(await deleteOutOfBand(clients, resources, other)));
  const { id, altId } = resources[step] ?? { id: '' };
  const { flowService, catalog, schemaRegistry } = clients;
  switch (step) {
    case 'flow':
      await flowService.deleteFlow(id);
      break;
    case 'source-connection':
      await flowService.deleteSourceConnection(id);
      break;
    case 'target-connection':
      await flowService.deleteTargetConnection(id);
      break;
    case 'dataset':
      await catalog.deleteDataset(id);
      break;
    case 'identity-descriptor':
      await schemaRegistry.deleteDescriptor(id);
      break;
    case 'schema':
      await schemaRegistry.deleteSchema(altId ?? id);
      break;
    case 'field-group':
      await schemaRegistry.deleteFieldGroup(altId ?? id);
      break;
    default:
      throw new Error(`nobody deletes ${step}`);
  }
  return [...deleted, step];
}

/** Puts a version of the mapping set without its last row, and has the flow use it. */
export async function mappingOfSomebody({ dataPrep, flowService }: AdobeClients, resources: Resources): Promise<void> {
  const { id = '', version = 0 } = resources['mapping-set'] ?? {};
  const set = await dataPrep.getMappingSet(id, version);
  if (set === undefined) throw new Error('there is no mapping set');
  const { name = '', schemaId = '' } = set;
  const mappings = set.mappings.slice(0, -1).map(({ sourceType, source, destination }) => ({
    sourceType: sourceType as 'ATTRIBUTE' | 'EXPRESSION',
    source,
    destination,
  }));
  const put = await dataPrep.replaceMappingSet(id, { name, schemaId, mappings });
  const flowId = resources.flow?.id ?? '';
  const { etag = '' } = (await flowService.getFlow(flowId)) ?? {};
  const value = { name: 'Mapping', params: { mappingId: id, mappingVersion: put.version } };
  await flowService.patchFlow(flowId, etag, [{ op: 'replace', path: '/transformations/0', value }]);
}
