/** The one runner of all steps: makes a create durable, whatever happens to its answer. */
import { setTimeout as delay } from 'node:timers/promises';
import { AdobeCallError } from '../../adobe/http/errors.js';
import { codedError, CodedError } from '../../domain/errors.js';
import type { StepInput, StepResult } from '../../domain/source/provisioning.js';
import type { Resource } from '../../domain/source/steps.js';
import { adoptStep } from './adopted/adopt.js';
import type { AttemptMemory } from './attempt.js';
import type { Standing, Step, StepContext } from './step.js';

const LOOK_AGAIN_MS = 2_000;

export interface ConsistencyWindow {
  /** How long lists may lag behind a create, ms. */
  readonly consistencyWindowMs: number;
}

/**
 * One attempt of a step. Begins with the lookup; creates only when nothing of ours and nobody else's stands there, and
 * when no create of unknown effect can still come to light.
 *
 * @throws CodedError those of {@link adoptStep}; `CAEP_TITLE_TAKEN`, `CAEP_FOREIGN_RESOURCE` when somebody else's object stands in our place;
 *   AdobeCallError when Adobe fails; `memory` then says whether a create may have taken effect, and since when (ms since the epoch)
 * @returns the resource, and whether it was there already
 * @example
 * const memory = { ambiguousSince: undefined };
 * const window = { consistencyWindowMs: 90_000 };
 * const { resource, found } = await performStep(step, context, { adopt: false }, memory, window);
 * log.info({ id: resource.id, found });
 */
export async function performStep(
  step: Step,
  context: StepContext,
  input: Pick<StepInput, 'adopt' | 'adoption'>,
  memory: AttemptMemory,
  window: ConsistencyWindow,
): Promise<StepResult> {
  const adopted = input.adoption === undefined ? undefined : await adoptStep(step, context, input.adoption);
  if (adopted !== undefined) return { resource: adopted, found: true };
  const standing = await lookUntilCertain(step, context, memory, window);
  memory.ambiguousSince = undefined;
  const there = await claim(step, context, standing, input);
  if (there !== undefined) return complete(step, context, there, true);
  try {
    return await complete(step, context, await create(step, context, memory), false);
  } catch (refusal) {
    if (!(refusal instanceof AdobeCallError) || refusal.kind !== 'refused') throw refusal;
    const revealed = await step.standingAfterRefusal?.(context, refusal);
    const holder = revealed === undefined ? undefined : await claim(step, context, revealed, input);
    if (holder === undefined) throw refusal;
    return complete(step, context, holder, true);
  }
}

/** What is there already and may be used: ours, or, when a person has allowed it, somebody else's. */
async function claim(
  step: Step,
  context: StepContext,
  standing: Standing,
  { adopt }: Pick<StepInput, 'adopt'>,
): Promise<Resource | undefined> {
  const own = await keepOne(step, context, standing.ours);
  if (own !== undefined || standing.foreign === undefined) return own;
  if (adopt !== true) throw foreignError(step, context, standing.foreign);
  return standing.foreign.resource;
}

async function create(step: Step, context: StepContext, memory: AttemptMemory): Promise<Resource> {
  // Whatever ends this attempt from here on without a clear answer, the create may have taken effect.
  memory.ambiguousSince = Date.now();
  try {
    const resource = await step.create(context);
    memory.ambiguousSince = undefined;
    return resource;
  } catch (error) {
    // A CodedError is thrown before anything is sent: the mapping does not validate, the namespace is unknown.
    const certainlyNot = error instanceof CodedError || (error instanceof AdobeCallError && error.effect === 'none');
    memory.ambiguousSince = certainlyNot ? undefined : Date.now();
    throw error;
  }
}

/** Looks once, or, after a create of unknown effect, until something is there or the consistency window has passed. */
export async function lookUntilCertain(
  step: Step,
  context: StepContext,
  memory: AttemptMemory,
  { consistencyWindowMs }: ConsistencyWindow,
): Promise<Standing> {
  for (;;) {
    const standing = await step.lookup(context);
    if (standing.ours.length > 0 || memory.ambiguousSince === undefined) return standing;
    const certainInMs = memory.ambiguousSince + consistencyWindowMs - Date.now();
    if (certainInMs <= 0) return standing;
    await delay(Math.min(LOOK_AGAIN_MS, certainInMs + 1, Math.max(consistencyWindowMs / 10, 50)), undefined, {
      signal: context.signal,
    });
  }
}

/**
 * Of several objects of ours keeps the one that later objects refer to, else the newest generation's oldest, and deletes what a
 * create whose answer was lost has made beside it. Other generations stay: something may still be known by them.
 */
async function keepOne(step: Step, context: StepContext, ours: readonly Resource[]): Promise<Resource | undefined> {
  if (ours.length < 2) return ours[0];
  const referenced = new Set(await step.referenced?.(context));
  const newestFirst = ours.toSorted((a, b) => (b.generation ?? 1) - (a.generation ?? 1));
  const kept = newestFirst.find(({ id }) => referenced.has(id)) ?? newestFirst[0];
  for (const resource of ours) {
    const isSecond = resource !== kept && resource.generation === kept?.generation;
    if (isSecond && resource.origin === 'created') await step.remove(context, resource);
  }
  return kept;
}

async function complete(step: Step, context: StepContext, resource: Resource, found: boolean): Promise<StepResult> {
  return { resource, found, ...(await step.complete?.(context, resource, found)) };
}

/** Why a step can't go on: somebody else's object stands in our place, and only a person may decide. */
export function foreignError(step: Step, context: StepContext, foreign: NonNullable<Standing['foreign']>): CodedError {
  const fields = { resource: step.name, title: step.label(context), holder: foreign.label, field: fieldOf(step) };
  return codedError(foreign.taken === 'title' ? 'CAEP_TITLE_TAKEN' : 'CAEP_FOREIGN_RESOURCE', fields);
}

function fieldOf(step: Step): string {
  switch (step.name) {
    case 'field-group':
      return 'xdm.fieldGroup.title';
    case 'schema':
      return 'xdm.schema.title';
    case 'dataset':
      return 'dataset.name';
    default:
      return 'name';
  }
}
