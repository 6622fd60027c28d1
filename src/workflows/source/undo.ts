import { ActivityFailure, CancellationScope } from '@temporalio/workflow';
import type { Remainder, UndoEntry } from '../../domain/source/source.js';
import type { Decisions } from '../decisions.js';
import { failureOf } from './provisioning.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

/**
 * Undoes the entries, last first, and cannot be cancelled. Goes on after an undo that fails; what failed is held for a
 * person at the end, and tried again on `resume`. On `abort` it is left where it is and named in the remainders.
 */
export async function undo(
  entries: readonly UndoEntry[],
  store: SourceStore,
  proxies: StepProxies,
  decisions: Decisions,
): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    store.change({ phase: 'undoing' });
    let pending = [...entries].reverse();
    for (;;) {
      const failed = await undoEach(pending, store, proxies);
      const first = failed[0];
      if (first === undefined) return;
      const left = failed.map(({ remainder }) => `${remainder.step} ${remainder.id ?? ''}`.trim()).join(', ');
      const decision = await decisions.awaitDecision({
        step: first.entry.step,
        during: 'undo',
        error: {
          code: 'CAEP_UNDO_INCOMPLETE',
          fields: { left, name: store.state.manifest.name },
          adobe: first.failure.error.adobe,
        },
        since: Date.now(),
      });
      if (decision.kind === 'abort') {
        store.change({ remainders: [...store.state.remainders, ...failed.map(({ remainder }) => remainder)] });
        return;
      }
      pending = failed.map(({ entry }) => entry);
    }
  });
}

interface FailedUndo {
  readonly entry: UndoEntry;
  readonly remainder: Remainder;
  readonly failure: ReturnType<typeof failureOf>;
}

async function undoEach(
  entries: readonly UndoEntry[],
  store: SourceStore,
  proxies: StepProxies,
): Promise<FailedUndo[]> {
  const failed: FailedUndo[] = [];
  for (const entry of entries) {
    const { step, resource, generation } = entry;
    const { uid, manifest, resources } = store.state;
    if (generation !== undefined) {
      const remainder = await undoBeside(entry, store, proxies);
      if (remainder !== undefined) failed.push(remainder);
      continue;
    }
    store.changeStep(step, { state: 'undoing' });
    try {
      const result = await proxies.undo(step, { marker: { name: manifest.name, uid }, manifest, resources, entry });
      switch (result.outcome) {
        case 'undone':
        case 'nothing':
          store.change({ resources: { ...store.state.resources, [step]: undefined } });
          store.changeStep(step, { state: 'undone', id: undefined, endedAt: Date.now() });
          break;
        case 'kept':
          store.changeStep(step, { state: 'adopted', endedAt: Date.now() });
          break;
        case 'left':
          store.change({ remainders: [...store.state.remainders, { step, id: result.id, reason: result.reason }] });
          store.changeStep(step, { state: 'left', id: result.id, endedAt: Date.now() });
          break;
        default:
          result satisfies never;
      }
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      const failure = failureOf(error);
      store.changeStep(step, { state: 'left' });
      failed.push({ entry, failure, remainder: { step, id: resource?.id, reason: failure.error.code } });
    }
  }
  return failed;
}

/** Of what was adopted. */
export const KEPT = 'it was there before this source';

/** Once, however often it is tried to remove it. */
export function nameRemainder(store: SourceStore, remainder: Remainder): void {
  const { remainders } = store.state;
  if (remainders.some(({ step, id }) => step === remainder.step && id === remainder.id)) return;
  store.change({ remainders: [...remainders, remainder] });
}

/** Of an object beside those that the source uses: the steps tell of the others. */
async function undoBeside(entry: UndoEntry, store: SourceStore, proxies: StepProxies): Promise<FailedUndo | undefined> {
  const { step, resource, generation } = entry;
  const { uid, manifest, resources } = store.state;
  try {
    const result = await proxies.undo(step, {
      marker: { name: manifest.name, uid, generation },
      manifest,
      resources,
      entry,
      // It has an entry of its own.
      besides: [resources[step]?.id ?? []].flat(),
    });
    if (result.outcome === 'left') nameRemainder(store, { step, id: result.id, reason: result.reason });
    if (result.outcome === 'kept') nameRemainder(store, { step, id: resource?.id, reason: KEPT });
    return undefined;
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const failure = failureOf(error);
    return { entry, failure, remainder: { step, id: resource?.id, reason: failure.error.code } };
  }
}
