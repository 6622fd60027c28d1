import { ActivityFailure, defineUpdate, isCancellation, setHandler } from '@temporalio/workflow';
import type { OperationInput } from '../../domain/delivery/pause.js';
import type { CatalogueError } from '../../domain/errors.js';
import { manifestDifferences, SOURCE_MESSAGES } from '../../domain/source/source.js';
import { concernsSending, refusalOfUpdate, type UpdateInput, type UpdateResult } from '../../domain/source/update.js';
import { UPDATE_INPUT } from '../../domain/source/updateInputs.js';
import type { Decisions } from '../decisions.js';
import { refuse, requireShape } from '../refuse.js';
import type { Operations } from './operations.js';
import { failureOf } from './provisioning.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

const updateUpdate = defineUpdate<UpdateResult, [UpdateInput]>(SOURCE_MESSAGES.update);

/** Why the gate is closed meanwhile. */
const CLOSED_BECAUSE = 'the source is being updated';

/**
 * Registers the update `update`. To be called before the first await of the workflow.
 *
 * What fails while nothing is changed yet is refused, and the source goes on. What fails afterwards holds, with the gate closed:
 * `resume` tries it again, `abort` puts back what was before.
 */
export function handleUpdating(
  store: SourceStore,
  proxies: StepProxies,
  decisions: Decisions,
  { operate, requireIdle, whileLive }: Operations,
): void {
  const update = ({ manifest, by }: UpdateInput): Promise<UpdateResult> =>
    operate(
      'update',
      'update FILE',
      async (input) => {
        const changed = manifestDifferences(input.manifest, manifest).length > 0;
        const sending = concernsSending(input.manifest, manifest)
          ? await changeSending(input, { ...input, manifest })
          : undefined;
        // Also when they are so already: the forwarder may not know them.
        await proxies.other.configureForwarder({ ...input, manifest });
        store.change({ manifest });
        return { v: 1, changed, fields: [], ...sending };
      },
      { by, input: { changed: manifestDifferences(store.state.manifest, manifest) } },
    );

  async function changeSending(
    before: OperationInput,
    wanted: OperationInput,
  ): Promise<Pick<UpdateResult, 'fields' | 'mappingVersion' | 'opensAt'>> {
    const { resources, fields } = await proxies.other.prepareUpdate(wanted);
    const after = { ...wanted, resources };
    const schemaChanged = fields.length > 0;
    const mappingChanged = resources['mapping-set']?.version !== before.resources['mapping-set']?.version;
    let target = after;
    let aborted: string | undefined;
    for (;;) {
      try {
        await proxies.other.closeGate({ ...before, reason: CLOSED_BECAUSE, reopens: true });
        const { opensAt, contents } = await proxies.other.applyUpdate({ ...target, schemaChanged, mappingChanged });
        store.change({ opensAt });
        if (aborted !== undefined) {
          // What was taken whole before the abort is sent, and cannot be sent as it was cut.
          if (contents !== undefined) store.change({ manifest: { ...before.manifest, contents } });
          return refuse({ code: 'CAEP_ABORTED', fields: { name: before.marker.name, reason: aborted } });
        }
        // The delivery settings follow, once the forwarder knows them.
        const { delivery } = before.manifest;
        store.change({ manifest: { ...wanted.manifest, delivery }, resources });
        return { fields, mappingVersion: resources['mapping-set']?.version, opensAt };
      } catch (failure) {
        if (!(failure instanceof ActivityFailure)) throw failure;
        const { error } = failureOf(failure);
        const reason = await awaitDecision(error);
        if (reason === undefined) continue;
        target = before;
        aborted = reason;
      }
    }
  }

  /** @returns why a person has aborted; undefined to try again */
  async function awaitDecision(error: CatalogueError): Promise<string | undefined> {
    const hold = { step: 'flow', during: 'do', error, since: Date.now() } as const;
    try {
      const decision = await whileLive(() => decisions.awaitDecision(hold));
      return decision.kind === 'abort' ? (decision.input.reason ?? 'no reason given') : undefined;
    } catch (ended) {
      if (!isCancellation(ended)) throw ended;
      return refuse({ code: 'CAEP_NOT_LIVE', fields: { name: store.state.manifest.name, phase: 'undoing' } });
    }
  }

  setHandler(updateUpdate, update, {
    description: 'Change what is kept, mapped and sent: {"manifest": {…complete, parsed…}}',
    validator: (input: UpdateInput) => {
      requireShape(UPDATE_INPUT, input);
      requireIdle();
      const refusal = refusalOfUpdate(store.state.manifest, input.manifest);
      if (refusal !== undefined) refuse(refusal);
    },
  });
}
