/** Takes over what somebody else has made: by the flow, each object once it is what the manifest says, and once it is nobody's of ours. */
import { codedError, type CodedError } from '../../../domain/errors.js';
import type { Adoption, Misfit } from '../../../domain/source/adoption/adoption.js';
import { differencesIn } from '../../../domain/source/comparison.js';
import { type Resource, STEPS } from '../../../domain/source/steps.js';
import type { Step, StepContext } from '../step.js';
import { flow } from '../table/flow.js';
import { readFound } from './found.js';
import { changeMapping } from './mapping.js';
import { mark } from './marks.js';
import { requireFree } from './owner.js';
import { resourceIn } from './resources.js';

/**
 * One attempt of taking over a step's object.
 *
 * @returns undefined for a step that has none at Adobe, or none yet: it is made
 * @throws CodedError `CAEP_ADOPT_MISFIT`, `CAEP_ADOPT_OWNED`, `CAEP_ADOPT_MAPPING_DIFFERS`, those of `readFound`; AdobeCallError
 */
export async function adoptStep(step: Step, context: StepContext, adoption: Adoption): Promise<Resource | undefined> {
  const found = await readFound(context.adobe, adoption.flowId);
  const resource = await resourceIn(found, step.name, context);
  if (resource === undefined) return undefined;
  await requireFree(found, resource, context);
  const { misfits, mapping } = await compareAdopted(step, context, resource);
  if (misfits.length > 0) throw misfitError(resource, misfits);
  const taken = mapping.length === 0 ? resource : await changed(context, resource, { mapping, adoption });
  if (adoption.unmarked === true) return taken;
  return (await mark(context.adobe, context.marker, taken)) ? { ...taken, marked: true } : taken;
}

/** What can be changed by taking it over are rows of the mapping, and which mapping the flow leads to. */
export async function compareAdopted(
  step: Step,
  context: StepContext,
  resource: Resource,
): Promise<{ readonly misfits: readonly Misfit[]; readonly mapping: readonly Misfit[] }> {
  const compared = await step.compare(context, resource);
  const all: readonly Misfit[] =
    compared === 'gone'
      ? [{ step: step.name, field: 'object', wanted: 'there', found: 'gone' }]
      : differencesIn(step.name, resource, compared).map(({ remedy: _remedy, ...field }) => ({
          step: step.name,
          ...field,
        }));
  const isMapping = ({ field }: Misfit): boolean =>
    field.startsWith('mapping ') && (step.name === 'mapping-set' || step.name === 'flow');
  return { misfits: all.filter((one) => !isMapping(one)), mapping: all.filter(isMapping) };
}

async function changed(
  context: StepContext,
  resource: Resource,
  { mapping, adoption }: { readonly mapping: readonly Misfit[]; readonly adoption: Adoption },
): Promise<Resource> {
  if (adoption.changesMapping !== true) {
    throw codedError('CAEP_ADOPT_MAPPING_DIFFERS', { id: resource.id }, { problems: problemsOf(mapping) });
  }
  if (resource.kind === 'mapping-set') return changeMapping(context, resource);
  return (await flow.change?.(context, resource)) ?? resource;
}

function misfitError({ kind, id }: Resource, misfits: readonly Misfit[]): CodedError {
  return codedError('CAEP_ADOPT_MISFIT', { resource: STEPS[kind].title, id }, { problems: problemsOf(misfits) });
}

function problemsOf(misfits: readonly Misfit[]) {
  return misfits.map(({ field, wanted = 'none', found = 'none' }) => ({ path: field, expected: wanted, got: found }));
}
