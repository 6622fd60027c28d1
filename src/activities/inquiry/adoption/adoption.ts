/** What taking over a source that was made by hand would do: its objects, and where they are not what a manifest says. Reads only. */
import type { Adobe } from '../../../adobe/clients.js';
import type { AdoptionReport, FoundObject, Misfit } from '../../../domain/source/adoption/adoption.js';
import type { Ask } from '../../../domain/inquiries.js';
import {
  NO_UID,
  type Resource,
  type Resources,
  STEP_NAMES,
  stepsFor,
  type StepName,
} from '../../../domain/source/steps.js';
import type { ProvisioningStore } from '../../../store/sources/provisioning.js';
import { compareAdopted } from '../../steps/adopted/adopt.js';
import { type FoundSource, readFound } from '../../steps/adopted/found.js';
import { isMarkedWhenAdopted } from '../../steps/adopted/marks.js';
import { requireFree } from '../../steps/adopted/owner.js';
import { resourceIn } from '../../steps/adopted/resources.js';
import type { StepContext } from '../../steps/step.js';
import { STEP_TABLE } from '../../steps/table/index.js';
import { findFlow } from './findFlow.js';
import { foundManifest } from './foundManifest.js';

interface AdoptionDeps {
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  readonly store: ProvisioningStore;
  readonly minimumSettleWindowMs: number;
}

/**
 * @throws CodedError `CAEP_ADOPT_NO_FLOW`, `CAEP_ADOPT_SEVERAL`, `CAEP_ADOPT_INCOMPLETE`, `CAEP_ADOPT_OWNED`; AdobeCallError
 */
export async function adoptionReport(
  { adobe, store, minimumSettleWindowMs }: AdoptionDeps,
  { sandbox, flow, manifest, uid }: Ask<'adoption'>,
): Promise<AdoptionReport> {
  const clients = adobe.forSandbox(sandbox);
  const found = await readFound(clients, await findFlow(clients, { flow, manifest }));
  const marker = {
    name: manifest?.name ?? '',
    uid: uid ?? (manifest && (await store.uidOf(manifest.name))) ?? NO_UID,
  };
  const signal = new AbortController().signal;
  const context = { marker, adobe: clients, store, minimumSettleWindowMs, signal };
  const compared = manifest === undefined ? undefined : await compareAll(found, { ...context, manifest });
  const { id, name, state } = found.flow;
  return {
    v: 1,
    sandbox,
    flow: { id, name, state },
    objects: objectsOf(found, compared?.identity),
    found: foundManifest(found, await schemaOf(clients, found)),
    misfits: compared?.misfits ?? [],
    mapping: compared?.mapping ?? [],
  };
}

/** With everything resolved, as types of fields are told there. */
async function schemaOf({ schemaRegistry }: StepContext['adobe'], { schema }: FoundSource): Promise<object> {
  return (await schemaRegistry.getSchema(schema.id, { full: true }))?.body ?? {};
}

async function compareAll(
  found: FoundSource,
  base: Omit<StepContext, 'resources'>,
): Promise<Pick<AdoptionReport, 'misfits' | 'mapping'> & { readonly identity: Resource | undefined }> {
  const misfits: Misfit[] = [];
  const mapping: Misfit[] = [];
  let resources: Resources = {};
  for (const step of stepsFor(base.manifest)) {
    const context = { ...base, resources };
    const resource = await resourceIn(found, step, context);
    if (resource === undefined) continue;
    await requireFree(found, resource, context);
    const compared = await compareAdopted(STEP_TABLE[step], context, resource);
    misfits.push(...compared.misfits);
    mapping.push(...compared.mapping);
    resources = { ...resources, [step]: resource };
  }
  return { misfits, mapping, identity: resources['identity-descriptor'] };
}

/** @param taken the identity that the manifest declares, where there is one */
function objectsOf(found: FoundSource, taken: Resource | undefined): FoundObject[] {
  const { fieldGroup, schema, dataset, sourceConnection, targetConnection, mappingSet, flow, identities } = found;
  const named: Readonly<Partial<Record<StepName, { readonly id: string; readonly name: string }>>> = {
    'field-group': { id: fieldGroup.id, name: fieldGroup.title },
    schema: { id: schema.id, name: schema.title },
    dataset,
    'source-connection': sourceConnection,
    'target-connection': targetConnection,
    'mapping-set': { id: mappingSet.id, name: `version ${mappingSet.version}, ${mappingSet.mappings.length} rows` },
    flow,
  };
  const identity = identities.find(({ id }) => id === taken?.id);
  return STEP_NAMES.flatMap((step) => {
    const object =
      step === 'identity-descriptor'
        ? identity && { id: identity.id, name: identity.sourceProperty ?? '' }
        : named[step];
    if (object === undefined) return [];
    return [{ step, id: object.id, name: object.name, marked: isMarkedWhenAdopted(step) }];
  });
}
