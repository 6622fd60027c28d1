import { defineUpdate, setHandler } from '@temporalio/workflow';
import {
  type PauseInput,
  pauseReason,
  type PauseResult,
  type UnpauseInput,
  type UnpauseResult,
} from '../../domain/delivery/pause.js';
import type { RecordedInput } from '../../domain/history.js';
import type { Manifest } from '../../domain/source/manifest.js';
import {
  type ConfigureInput,
  type ConfigureResult,
  manifestDifferences,
  SOURCE_MESSAGES,
} from '../../domain/source/source.js';
import { CONFIGURE_INPUT, PAUSE_INPUT, UNPAUSE_INPUT } from '../../domain/source/updateInputs.js';
import { requireShape } from '../refuse.js';
import type { Operations } from './operations.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

const pauseUpdate = defineUpdate<PauseResult, [PauseInput?]>(SOURCE_MESSAGES.pause);
const configureUpdate = defineUpdate<ConfigureResult, [ConfigureInput]>(SOURCE_MESSAGES.configure);
const unpauseUpdate = defineUpdate<UnpauseResult, [UnpauseInput?]>(SOURCE_MESSAGES.unpause);

/**
 * Registers the updates `pause`, `unpause` and `configure`. To be called before the first await of the workflow.
 *
 * One that fails leaves what it has done, and is typed again after the fix.
 */
export function handlePausing(store: SourceStore, proxies: StepProxies, { operate, requireIdle }: Operations): void {
  const changesTo = (manifest: Manifest): RecordedInput => ({
    changed: manifestDifferences(store.state.manifest, manifest),
  });
  const pause = ({ reason, by, disableFlow = false }: PauseInput = {}): Promise<PauseResult> =>
    operate(
      'pause',
      disableFlow ? 'pause --disable-flow' : 'pause',
      async (input) => {
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
      },
      { by, why: reason, input: disableFlow ? { disableFlow } : undefined },
    );

  const unpause = ({ by }: UnpauseInput = {}): Promise<UnpauseResult> =>
    operate(
      'unpause',
      'unpause',
      async (input) => {
        const { opened, opensAt } = await proxies.other.openGate(input);
        const changed = opened || store.state.paused !== undefined;
        store.change({ paused: undefined, opensAt });
        return { v: 1, changed, opensAt };
      },
      { by },
    );

  const configure = ({ delivery, by }: ConfigureInput): Promise<ConfigureResult> =>
    operate(
      'configure',
      'provision FILE',
      async (input) => {
        const manifest = { ...input.manifest, delivery };
        // Also when they are so already: the forwarder may not know them.
        await proxies.other.configureForwarder({ ...input, manifest });
        const changed = manifestDifferences(input.manifest, manifest).length > 0;
        store.change({ manifest });
        return { v: 1, changed };
      },
      { by, input: changesTo({ ...store.state.manifest, delivery }) },
    );

  setHandler(pauseUpdate, pause, {
    description:
      'Stop sending until unpause; events are still taken, and wait: {} or {"reason": "…", "by": "…", "disableFlow": true}',
    validator: (input: PauseInput = {}) => {
      requireShape(PAUSE_INPUT, input);
      requireIdle();
    },
  });
  setHandler(unpauseUpdate, unpause, {
    description: 'Start sending again, whatever has stopped it, and enable the flow: {}',
    validator: (input: UnpauseInput = {}) => {
      requireShape(UNPAUSE_INPUT, input);
      requireIdle();
    },
  });

  setHandler(configureUpdate, configure, {
    description: 'Apply other delivery settings: {"delivery": {…complete, from a parsed manifest…}}',
    validator: (input: ConfigureInput) => {
      requireShape(CONFIGURE_INPUT, input);
      requireIdle();
    },
  });
}
