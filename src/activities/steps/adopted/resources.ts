import { type Resource, type StepName } from '../../../domain/source/steps.js';
import type { StepContext } from '../step.js';
import { sourceProperty } from '../table/identityDescriptor.js';
import type { FoundSource } from './found.js';

/** The object of a step among those of a flow; undefined where it has none. */
export async function resourceIn(
  found: FoundSource,
  step: StepName,
  context: StepContext,
): Promise<Resource | undefined> {
  const facts = await factsIn(found, step, context);
  return facts && { kind: step, ...facts, origin: 'adopted' };
}

type Facts = Omit<Resource, 'kind' | 'origin'>;

async function factsIn(
  { flow, sourceConnection, targetConnection, dataset, schema, fieldGroup, mappingSet, identities }: FoundSource,
  step: StepName,
  context: StepContext,
): Promise<Facts | undefined> {
  switch (step) {
    case 'field-group':
      return { id: fieldGroup.id, altId: fieldGroup.altId };
    case 'schema':
      return { id: schema.id, altId: schema.altId };
    case 'identity-descriptor': {
      const property = await sourceProperty(context);
      const identity = identities.find((one) => one.sourceProperty === property);
      return identity && { id: identity.id };
    }
    case 'dataset':
      return { id: dataset.id };
    case 'source-connection':
      return { id: sourceConnection.id };
    case 'target-connection':
      return { id: targetConnection.id };
    case 'mapping-set': {
      const { id, version } = mappingSet;
      return { id, version, pinnedBefore: { id, version } };
    }
    case 'flow':
      return { id: flow.id };
    case 'inlet':
    case 'webhook-routes':
      return undefined;
    default:
      return step satisfies never;
  }
}
