import { ActivityFailure, condition, defineUpdate, isCancellation, patched, setHandler } from '@temporalio/workflow';
import { countOf, type DriftInput, type SeenDrift, untilLook } from '../../../domain/drift/drift.js';
import { SOURCE_MESSAGES } from '../../../domain/source/source.js';
import { DRIFT_INPUT } from '../../../domain/source/updateInputs.js';
import { refuse, requireShape } from '../../refuse.js';
import type { Operations } from '../operations.js';
import { failureOf } from '../provisioning.js';
import type { SourceStore } from '../sourceState.js';
import type { StepProxies } from '../stepProxies.js';

const driftUpdate = defineUpdate<SeenDrift, [DriftInput?]>(SOURCE_MESSAGES.drift);

/** Runs of 0.2 looked at nothing by themselves. */
const WATCHED = 'drift-watched';

export interface DriftWatch {
  /** Looks by itself from now on, where it does not yet. A run that an earlier release has begun does so after its next operation. */
  ensure(): void;
  /** @returns undefined when an operation began meanwhile: what was seen is of neither the world before nor the one after */
  look(): Promise<SeenDrift | undefined>;
  readonly isLooking: () => boolean;
}

/**
 * Registers the update `drift`, and looks by itself as often as the manifest says: never during an operation, and again after one
 * where something had drifted. To be called before the first await of the workflow.
 */
export function createDriftWatch(store: SourceStore, proxies: StepProxies, operations: Operations): DriftWatch {
  let isWatching = false;
  let looking: Promise<SeenDrift | undefined> | undefined;

  function look(): Promise<SeenDrift | undefined> {
    looking ??= lookOnce(store, proxies, operations.ended).finally(() => {
      looking = undefined;
    });
    return looking;
  }

  async function watch(): Promise<never> {
    for (;;) {
      await condition(() => isIdle(store));
      const { manifest, drift } = store.state;
      const ended = operations.ended();
      const waitMs = untilLook(store.state, manifest.drift, Date.now());
      const isOtherwise = (): boolean =>
        store.state.manifest.drift !== manifest.drift || store.state.drift !== drift || operations.ended() !== ended;
      if (waitMs === undefined) await condition(isOtherwise);
      else if (waitMs > 0) await condition(isOtherwise, waitMs);
      const isRepaired = operations.ended() !== ended && drift !== undefined && countOf(drift) > 0;
      if (waitMs === 0 || isRepaired) await quietly(look);
    }
  }

  const watched: DriftWatch = {
    ensure() {
      if (isWatching || !patched(WATCHED)) return;
      isWatching = true;
      void operations.whileLive(watch).catch((ended: unknown) => {
        if (!isCancellation(ended)) throw ended;
      });
    },
    look,
    isLooking: () => looking !== undefined,
  };

  const onDemand = async (): Promise<SeenDrift> => {
    watched.ensure();
    const { name } = store.state.manifest;
    try {
      const seen = await operations.whileLive(look);
      if (seen !== undefined) return seen;
    } catch (failure) {
      if (isCancellation(failure)) return refuse({ code: 'CAEP_NOT_LIVE', fields: { name, phase: 'undoing' } });
      if (!(failure instanceof ActivityFailure)) throw failure;
      const { error } = failureOf(failure);
      return refuse({ ...error, fields: { ...error.fields, name, command: 'drift' } });
    }
    const { operation } = store.state;
    return refuse({ code: 'CAEP_OPERATION_RUNNING', fields: { name, operation: operation?.kind ?? 'another one' } });
  };

  setHandler(driftUpdate, onDemand, {
    description: 'Look now what others have changed in Adobe: {}',
    validator: (input: DriftInput = {}) => {
      requireShape(DRIFT_INPUT, input);
      operations.requireIdle();
    },
  });
  return watched;
}

function isIdle({ state: { phase, operation, teardown } }: SourceStore): boolean {
  return phase === 'live' && operation === undefined && teardown === undefined;
}

/** What a look has failed of stands in the state. */
async function quietly(look: () => Promise<unknown>): Promise<void> {
  try {
    await look();
  } catch (failure) {
    if (isCancellation(failure) || !(failure instanceof ActivityFailure)) throw failure;
  }
}

const NOTHING: SeenDrift = { v: 1, drifted: [], more: 0, lookedAt: 0 };

async function lookOnce(store: SourceStore, proxies: StepProxies, ended: () => number): Promise<SeenDrift | undefined> {
  const { uid, manifest, resources, paused, operation, drift: before = NOTHING } = store.state;
  const input = { marker: { name: manifest.name, uid }, manifest, resources };
  const endedBefore = ended();
  const isMoved = (): boolean => store.state.operation !== operation || ended() !== endedBefore;
  try {
    const flowDisabled = paused?.flowDisabled === true;
    const { searchable, ...report } = await proxies.drift.lookForDrift({ ...input, flowDisabled });
    if (isMoved()) return undefined;
    const drift = { ...report, lookedAt: Date.now() };
    store.change({ drift, driftSearchable: searchable });
    // For the list of all sources and the metrics: the next look writes it again.
    await quietly(() => proxies.drift.noteDrift({ ...input, count: countOf(drift) }));
    return drift;
  } catch (failure) {
    if (!(failure instanceof ActivityFailure) || isCancellation(failure)) throw failure;
    const { code } = failureOf(failure).error;
    store.change({ drift: { ...before, failed: { code, since: Date.now() } } });
    throw failure;
  }
}
