/** The one runner of all undos: removes what a step made, also what its lost answers made. */
import { AdobeCallError } from '../../adobe/http/errors.js';
import { isSandboxUnknown } from '../../adobe/http/gone.js';
import type { UndoInput, UndoResult } from '../../domain/source/provisioning.js';
import { STEPS_WITH_DATA, type Resource } from '../../domain/source/steps.js';
import { giveBack } from './adopted/giveBack.js';
import type { AttemptMemory } from './attempt.js';
import { type ConsistencyWindow, lookUntilCertain } from './perform.js';
import type { Standing, Step, StepContext } from './step.js';

/**
 * One attempt of undoing a step. Never deletes what was adopted, unless a person has said so, nor what may hold events. Looks for our marker even when
 * the id is known: a create that was sent twice leaves two objects. Concludes "there is none" only after the consistency window.
 */
export async function undoStep(
  step: Step,
  context: StepContext,
  { entry }: Pick<UndoInput, 'entry'>,
  memory: AttemptMemory,
  window: ConsistencyWindow,
): Promise<UndoResult> {
  if (entry.resource?.origin === 'adopted' && entry.deletesAdopted !== true) {
    await giveBack(context, entry.resource, entry);
    return { outcome: 'kept' };
  }
  // With the id known, an earlier create of unknown effect was already looked for through the consistency window before it.
  if (entry.resource !== undefined) memory.ambiguousSince = undefined;
  // A step whose lookup needs what an earlier step never made can't have made anything itself.
  const possible = (step.needs ?? []).every((needed) => context.resources[needed] !== undefined);
  const standing = possible ? await whatStands(step, context, entry, memory, window) : { ours: [] };
  const ours = standing.ours.filter(({ origin }) => origin === 'created');
  const targets = unique([...(entry.resource === undefined ? [] : [entry.resource]), ...ours]);
  if (targets.length > 0 && entry.deletesData !== true && (await keepsData(step, context))) {
    return {
      outcome: 'left',
      id: targets.map(({ id }) => id).join(', '),
      reason:
        'it holds or describes events of this source that may have been delivered; the next provision uses it again',
    };
  }
  let left: Resource | undefined;
  for (const resource of targets) {
    if ((await step.remove(context, resource)) === 'left') left = resource;
  }
  if (left !== undefined) {
    return {
      outcome: 'left',
      id: left.id,
      reason: 'Adobe documents no way to delete it; the next provision uses it again',
    };
  }
  return { outcome: targets.length > 0 ? 'undone' : 'nothing' };
}

/**
 * The marker also finds what an earlier provisioning made, whose source was live and was torn down or terminated. Asked
 * anew by each undo: what the store cannot tell is not guessed, the attempt fails and is made again.
 */
async function keepsData({ name }: Step, { store, marker }: StepContext): Promise<boolean> {
  return STEPS_WITH_DATA.includes(name) && (await store.mayHaveDelivered(marker));
}

/** A step that never got past a sandbox that Adobe does not know has made nothing. */
async function whatStands(
  step: Step,
  context: StepContext,
  { resource, ambiguousSince }: UndoInput['entry'],
  memory: AttemptMemory,
  window: ConsistencyWindow,
): Promise<Standing> {
  try {
    return await lookUntilCertain(step, context, memory, window);
  } catch (failure) {
    const isNowhere = failure instanceof AdobeCallError && isSandboxUnknown(failure.error);
    if (isNowhere && resource === undefined && ambiguousSince === undefined) return { ours: [] };
    throw failure;
  }
}

function unique(resources: readonly Resource[]): Resource[] {
  return [...new Map(resources.map((resource) => [resource.id, resource])).values()];
}
