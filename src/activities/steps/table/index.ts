/** The table of steps: what `src/domain/source/steps.ts` names, and how each is looked up, made and removed. */
import type { StepName } from '../../../domain/source/steps.js';
import { sourceConnection, targetConnection } from './connections.js';
import { dataset } from './dataset.js';
import { fieldGroup } from './fieldGroup.js';
import { flow } from './flow.js';
import { identityDescriptor } from './identityDescriptor.js';
import { inlet, webhookRoutes } from '../local.js';
import { mappingSet } from './mappingSet.js';
import { schema } from './schema.js';
import type { Step } from '../step.js';

export const STEP_TABLE: Readonly<Record<StepName, Step>> = {
  'field-group': fieldGroup,
  schema,
  'identity-descriptor': identityDescriptor,
  dataset,
  'source-connection': sourceConnection,
  'target-connection': targetConnection,
  'mapping-set': mappingSet,
  flow,
  inlet,
  'webhook-routes': webhookRoutes,
};
