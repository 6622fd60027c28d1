/** Removing what was replaced, once nothing is known by it any more: beside everything else, and in the way of nothing. */
import { ActivityFailure, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { OperationInput } from '../../domain/delivery/pause.js';
import { entriesOf, isDue, mayGo, pauseBetweenLooks, type Replaced } from '../../domain/source/updating/replacing.js';
import { failureOf } from './provisioning.js';
import type { Recording } from './recording.js';
import { changeSide, dropSide } from './replacing.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';
import { KEPT, nameRemainder } from './undo.js';

export interface Removing {
  /** Looks, and goes on looking, where there is something to remove. Nobody waits for it. Ends what {@link suspend} began. */
  begin(): void;
  /** Goes on looking, where an operation that has failed did not come to {@link begin}. */
  ensure(): void;
  /** Removes nothing until {@link begin}: what is made meanwhile may be marked like what is to be removed. */
  suspend(): Promise<void>;
  /**
   * Removes at once, whatever is not known yet.
   *
   * @returns ids of the flows
   * @throws ActivityFailure
   */
  removeNow(): Promise<readonly string[]>;
  /** It is in the middle of something: a run is not to end now. */
  isBusy(): boolean;
  /** Looks no more. */
  end(): Promise<void>;
}

export function createRemoving(store: SourceStore, proxies: StepProxies, recording: Recording): Removing {
  let isLooking = false;
  let hasEnded = false;
  let busy = 0;
  let begun = 0;
  let isSuspended = false;

  const due = (): readonly Replaced[] => (store.state.replaced ?? []).filter(isDue);

  const isToLook = (): boolean => !hasEnded && !isSuspended && due().length > 0;

  async function look(): Promise<void> {
    for (const { generation } of due()) {
      const one = due().find((other) => other.generation === generation);
      if (one === undefined || !isToLook()) continue;
      try {
        const looked = await lookAt(one);
        if (looked.awaiting === undefined || mayGo(looked.awaiting)) await remove(looked);
      } catch (failure) {
        if (!(failure instanceof ActivityFailure) || isCancellation(failure)) throw failure;
        const { error } = failureOf(failure);
        changeSide(store, generation, (other) => ({ ...other, error }));
      }
    }
  }

  async function lookAt(one: Replaced): Promise<Replaced> {
    const flowId = one.resources.flow?.id;
    // A flow that was never made, or whose create was not answered: nothing can have been sent to it.
    const outstanding =
      flowId === undefined
        ? { count: 0, held: 0, used: false }
        : await proxies.other.countOfFlow({ ...inputOf(store), flowId });
    const looked = { ...one, awaiting: { ...outstanding, lookedAt: Date.now() }, error: undefined };
    changeSide(store, one.generation, () => looked);
    return looked;
  }

  async function remove(one: Replaced): Promise<void> {
    for (const entry of entriesOf(one).toReversed()) {
      const input = inputOf(store);
      const marker = { ...input.marker, generation: one.generation };
      // A repair marks what it makes as the first generation again.
      const inUse = store.state.resources[entry.step];
      const besides = inUse === undefined ? [] : [inUse.id];
      const result = await proxies.undo(entry.step, { ...input, marker, entry, besides });
      const { step, resource } = entry;
      if (result.outcome === 'left') nameRemainder(store, { step, id: result.id, reason: result.reason });
      if (result.outcome === 'kept') nameRemainder(store, { step, id: resource?.id, reason: KEPT });
    }
    nameKeptDatasets(store, [one]);
    dropSide(store, one.generation);
    recording.record({ kind: 'remove-replaced', startedAt: one.since, by: one.by, result: 'done' });
  }

  /** What was begun is brought to its end, also when the source is cancelled meanwhile. */
  async function uninterrupted<T>(run: () => Promise<T>): Promise<T> {
    busy += 1;
    try {
      return await CancellationScope.nonCancellable(run);
    } finally {
      busy -= 1;
    }
  }

  async function keepLooking(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      for (let looks = 0; isToLook(); looks += 1) {
        const before = begun;
        await uninterrupted(look);
        if (!isToLook()) return;
        if (await condition(() => hasEnded || begun !== before, pauseBetweenLooks(looks))) looks = 0;
      }
    } finally {
      isLooking = false;
    }
  }

  return {
    ensure() {
      isSuspended = false;
      void keepLooking().catch(() => undefined);
    },
    async suspend() {
      isSuspended = true;
      await condition(() => busy === 0);
    },
    begin() {
      begun += 1;
      isSuspended = false;
      // A cancel ends it; what it leaves is taken away with everything else.
      void keepLooking().catch(() => undefined);
    },
    async removeNow() {
      // One that has waited as long may begin first.
      const isDone = (): boolean => busy === 0;
      do await condition(isDone);
      while (!isDone());
      return uninterrupted(async () => {
        const removed: string[] = [];
        for (const one of due()) {
          await remove(await lookAt(one));
          if (one.resources.flow !== undefined) removed.push(one.resources.flow.id);
        }
        return removed;
      });
    },
    isBusy: () => busy > 0,
    async end() {
      hasEnded = true;
      await CancellationScope.nonCancellable(() => condition(() => busy === 0));
    },
  };
}

function inputOf({ state: { uid, manifest, resources } }: SourceStore): OperationInput {
  return { marker: { name: manifest.name, uid }, manifest, resources };
}

/** Where events went before: it stays, and is of no use to the source any more. */
export function nameKeptDatasets(store: SourceStore, replaced: readonly Replaced[]): void {
  for (const { dataset, resources } of replaced) {
    if (dataset !== 'kept' || resources.dataset === undefined) continue;
    const reason = 'it holds the events that were sent before another dataset took its place';
    nameRemainder(store, { step: 'dataset', id: resources.dataset.id, reason });
  }
}
