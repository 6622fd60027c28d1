/** The requests by which each step looks, makes and removes, as names of the simulator's routes. */
import type { StepName } from '../../../src/domain/source/steps.js';

export type AdobeStep = Exclude<StepName, 'inlet' | 'webhook-routes'>;

interface StepRequests {
  /** The first request of the step and of its undo. */
  readonly lookup: string;
  readonly create: string;
  readonly remove: string;
  /** Other requests between lookup and create that change nothing. */
  readonly alsoReads?: readonly string[];
}

export const STEP_REQUESTS: Readonly<Record<AdobeStep, StepRequests>> = {
  'field-group': {
    lookup: 'schemaregistry.fieldgroups.list',
    create: 'schemaregistry.fieldgroups.create',
    remove: 'schemaregistry.fieldgroups.delete',
    alsoReads: ['schemaregistry.stats'],
  },
  schema: {
    lookup: 'schemaregistry.schemas.list',
    create: 'schemaregistry.schemas.create',
    remove: 'schemaregistry.schemas.delete',
  },
  'identity-descriptor': {
    lookup: 'schemaregistry.descriptors.list',
    create: 'schemaregistry.descriptors.create',
    remove: 'schemaregistry.descriptors.delete',
    alsoReads: ['identityNamespaces.list'],
  },
  dataset: {
    lookup: 'catalog.dataSets.list',
    create: 'catalog.dataSets.create',
    remove: 'catalog.dataSets.delete',
  },
  'source-connection': {
    lookup: 'flowservice.sourceConnections.list',
    create: 'flowservice.sourceConnections.create',
    remove: 'flowservice.sourceConnections.delete',
  },
  'target-connection': {
    lookup: 'flowservice.targetConnections.list',
    create: 'flowservice.targetConnections.create',
    remove: 'flowservice.targetConnections.delete',
  },
  'mapping-set': {
    lookup: 'dataprep.mappingSets.list',
    create: 'dataprep.mappingSets.create',
    remove: 'dataprep.mappingSets.delete',
    alsoReads: ['dataprep.mappingSets.validate'],
  },
  flow: {
    lookup: 'flowservice.flows.list',
    create: 'flowservice.flows.create',
    remove: 'flowservice.flows.delete',
  },
};

export const ADOBE_STEPS = Object.keys(STEP_REQUESTS) as AdobeStep[];

/** With which the step `inlet` begins; also made after every create of a flow. */
export const INLET_READ = 'flowservice.flows.get';
