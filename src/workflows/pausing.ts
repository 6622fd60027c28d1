import {
  ActivityFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow';
import {
  type OperationInput,
  type PauseInput,
  pauseReason,
  type PauseResult,
  type UnpauseInput,
  type UnpauseResult,
} from '../domain/pause.js';
import { type ConfigureInput, type ConfigureResult, manifestDifferences, SOURCE_MESSAGES } from '../domain/source.js';
import { failureOf } from './provisioning.js';
import { CONFIGURE_INPUT, PAUSE_INPUT, UNPAUSE_INPUT } from '../domain/updateInputs.js';
import { refuse, requireShape } from './refuse.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

const pauseUpdate = defineUpdate<PauseResult, [PauseInput?]>(SOURCE_MESSAGES.pause);
const configureUpdate = defineUpdate<ConfigureResult, [ConfigureInput]>(SOURCE_MESSAGES.configure);
const unpauseUpdate = defineUpdate<UnpauseResult, [UnpauseInput?]>(SOURCE_MESSAGES.unpause);

export interface Pausing {
  /** Accepts no more of them, and waits for the one that runs: it must not open the gate of a source that is taken down. */
  end(): Promise<void>;
}

/**
 * Registers the updates `pause`, `unpause` and `configure`. To be called before the first await of the workflow.
 *
 * One operation at a time, on a live source only. One that fails leaves what it has done, and is typed again after the fix.
 */
export function handlePausing(store: SourceStore, proxies: StepProxies): Pausing {
  let hasEnded = false;

  const requireIdle = (): void => {
    const { manifest, phase, operation } = store.state;
    const { name } = manifest;
    if (phase !== 'live' || hasEnded) {
      refuse({ code: 'CAEP_NOT_LIVE', fields: { name, phase: hasEnded ? 'undoing' : phase } });
    }
    if (operation !== undefined) {
      refuse({ code: 'CAEP_OPERATION_RUNNING', fields: { name, operation: operation.kind } });
    }
  };

  /** An operation that was accepted comes to its end, also when the source is cancelled meanwhile. */
  async function operate<T>(
    kind: 'pause' | 'unpause' | 'configure',
    command: string,
    run: (input: OperationInput) => Promise<T>,
  ): Promise<T> {
    const { uid, manifest, resources } = store.state;
    const { name } = manifest;
    store.change({ operation: { kind, startedAt: Date.now(), undo: [] } });
    try {
      return await CancellationScope.nonCancellable(() => run({ marker: { name, uid }, manifest, resources }));
    } catch (failure) {
      if (!(failure instanceof ActivityFailure)) throw failure;
      const { error } = failureOf(failure);
      return refuse({ ...error, fields: { ...error.fields, name, command } });
    } finally {
      store.change({ operation: undefined });
    }
  }

  const pause = ({ reason, by, disableFlow = false }: PauseInput = {}): Promise<PauseResult> =>
    operate('pause', disableFlow ? 'pause --disable-flow' : 'pause', async (input) => {
      const before = store.state.paused;
      const paused = before ?? { since: Date.now(), reason, by };
      // Also when it is paused already: a database that was set back may have forgotten.
      await proxies.other.closeGate({ ...input, reason: pauseReason(paused) });
      store.change({ paused });
      if (!disableFlow) return { v: 1, changed: before === undefined, paused };
      await proxies.other.disableFlow(input);
      const withFlow = { ...paused, flowDisabled: true };
      store.change({ paused: withFlow });
      return { v: 1, changed: before?.flowDisabled !== true, paused: withFlow };
    });

  const unpause = (_input: UnpauseInput = {}): Promise<UnpauseResult> =>
    operate('unpause', 'unpause', async (input) => {
      const { opened, opensAt } = await proxies.other.openGate(input);
      const changed = opened || store.state.paused !== undefined;
      store.change({ paused: undefined, opensAt });
      return { v: 1, changed, opensAt };
    });

  const configure = ({ delivery }: ConfigureInput): Promise<ConfigureResult> =>
    operate('configure', 'provision FILE', async (input) => {
      const manifest = { ...input.manifest, delivery };
      // Also when they are so already: the forwarder may not know them.
      await proxies.other.configureForwarder({ ...input, manifest });
      const changed = manifestDifferences(input.manifest, manifest).length > 0;
      store.change({ manifest });
      return { v: 1, changed };
    });

  setHandler(pauseUpdate, pause, {
    description:
      'Send nothing until unpause; events are taken and wait: {} or {"reason": "…", "by": "…", "disableFlow": true}',
    validator: (input: PauseInput = {}) => {
      requireShape(PAUSE_INPUT, input);
      requireIdle();
    },
  });
  setHandler(unpauseUpdate, unpause, {
    description: 'Open the gate again, also one that something else has closed, and enable the flow: {}',
    validator: (input: UnpauseInput = {}) => {
      requireShape(UNPAUSE_INPUT, input);
      requireIdle();
    },
  });

  setHandler(configureUpdate, configure, {
    description: 'Take over other delivery settings: {"delivery": {…the whole of it, parsed…}}',
    validator: (input: ConfigureInput) => {
      requireShape(CONFIGURE_INPUT, input);
      requireIdle();
    },
  });

  return {
    async end() {
      hasEnded = true;
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
    },
  };
}
