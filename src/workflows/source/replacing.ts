/** A new pair of connections and a new flow, and a new dataset where that was asked for, beside those that a live source uses. */
import { ActivityFailure } from '@temporalio/workflow';
import type { OperationInput } from '../../domain/delivery/pause.js';
import type { CatalogueError } from '../../domain/errors.js';
import { type Replaced, type Replacement, replacedSteps } from '../../domain/source/updating/replacing.js';
import type { Resources, StepName } from '../../domain/source/steps.js';
import { failureOf } from './provisioning.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

export interface Replacing {
  readonly store: SourceStore;
  readonly proxies: StepProxies;
  /** @returns why a person has aborted; undefined to try again */
  readonly awaitDecision: (step: StepName, error: CatalogueError) => Promise<string | undefined>;
}

type Made =
  | { readonly resources: Resources; readonly generation: number; readonly aborted?: undefined }
  | { readonly aborted: string; readonly generation: number };

/**
 * Makes the objects while the source goes on with those that it has: nothing is sent to a flow that nobody knows. What fails holds,
 * with the gate as it is.
 */
export async function makeReplacement(
  { store, proxies, awaitDecision }: Replacing,
  input: OperationInput,
  replacement: Replacement,
): Promise<Made> {
  const generation = newGeneration(store);
  // Before the first create, which may take effect although its answer never arrives.
  beginMaking(store, generation, replacement);
  let resources = input.resources;
  for (const step of replacedSteps(replacement)) {
    for (;;) {
      try {
        const { ambiguous } = side(store, generation);
        const marker = { ...input.marker, generation };
        const { resource } = await proxies.perform(step, {
          ...input,
          marker,
          resources: { ...resources, [step]: undefined },
          ambiguousSince: ambiguous?.[step],
        });
        resources = { ...resources, [step]: resource };
        changeSide(store, generation, (one) => ({ ...one, resources: { ...one.resources, [step]: resource } }));
        break;
      } catch (failure) {
        if (!(failure instanceof ActivityFailure)) throw failure;
        const { error, ambiguousSince } = failureOf(failure);
        changeSide(store, generation, (one) => ({ ...one, ambiguous: { ...one.ambiguous, [step]: ambiguousSince } }));
        const aborted = await awaitDecision(step, error);
        if (aborted !== undefined) return { aborted, generation };
      }
    }
  }
  changeSide(store, generation, (one) => ({ ...one, why: 'ready' }));
  return { resources, generation };
}

/** Later than all that is known: a new run, or a provisioning that has found objects of an earlier one, begins to count anew. */
function newGeneration(store: SourceStore): number {
  const { generation: last = 1, resources, replaced = [] } = store.state;
  const inUse = Object.values(resources).map(({ generation = 1 }) => generation);
  const generation = Math.max(last, ...inUse, ...replaced.map((one) => one.generation)) + 1;
  store.change({ generation });
  return generation;
}

function beginMaking(store: SourceStore, generation: number, replacement: Replacement): void {
  const begun: Replaced = {
    generation,
    why: 'making',
    since: Date.now(),
    resources: {},
    dataset: replacement === 'dataset' ? 'new' : 'none',
  };
  store.change({ replaced: [...(store.state.replaced ?? []), begun] });
}

function side({ state }: SourceStore, generation: number): Partial<Replaced> {
  return state.replaced?.find((one) => one.generation === generation) ?? {};
}

export function changeSide(store: SourceStore, generation: number, change: (one: Replaced) => Replaced): void {
  const { replaced = [] } = store.state;
  store.change({ replaced: replaced.map((one) => (one.generation === generation ? change(one) : one)) });
}

export function dropSide(store: SourceStore, generation: number): void {
  const replaced = store.state.replaced?.filter((one) => one.generation !== generation);
  store.change({ replaced: replaced?.length === 0 ? undefined : replaced });
}

/** Objects in whose place a repair has put others. They are known by their ids: no other is marked with this generation. */
export function leaveToRemoval(store: SourceStore, resources: Resources, by: string | undefined): void {
  const one: Replaced = {
    generation: newGeneration(store),
    why: 'replaced',
    since: Date.now(),
    ...(by === undefined ? {} : { by }),
    resources,
    dataset: 'none',
  };
  store.change({ replaced: [...(store.state.replaced ?? []), one] });
}

/**
 * What a repair that a cancel has met may have made without an answer: it is taken away with the source, once it comes to light.
 *
 * @param ambiguous when a create of the step may have taken effect last, milliseconds
 */
export function leaveUnanswered(store: SourceStore, ambiguous: NonNullable<Replaced['ambiguous']>): void {
  if (Object.keys(ambiguous).length === 0) return;
  const one: Replaced = { generation: 1, why: 'making', since: Date.now(), resources: {}, ambiguous, dataset: 'none' };
  store.change({ replaced: [...(store.state.replaced ?? []), one] });
}

/** The source uses the new ones from now on; the old ones are to be removed in their time. */
export function replacedBy(
  store: SourceStore,
  before: Resources,
  {
    generation,
    replacement,
    by,
  }: { readonly generation: number; readonly replacement: Replacement; readonly by?: string },
): readonly Replaced[] {
  const { flow, dataset, 'source-connection': source, 'target-connection': target } = before;
  const others = (store.state.replaced ?? []).filter((one) => one.generation !== generation);
  const own = flow?.generation ?? 1;
  const old: Replaced = {
    // What a repair has made is marked as the first, and others of the first may still be there.
    generation: others.some((one) => one.generation === own) ? newGeneration(store) : own,
    why: 'replaced',
    since: Date.now(),
    ...(by === undefined ? {} : { by }),
    resources: {
      flow,
      'source-connection': source,
      'target-connection': target,
      ...(replacement === 'dataset' ? { dataset } : {}),
    },
    dataset: replacement === 'dataset' ? 'kept' : 'none',
  };
  return [...others, old];
}
