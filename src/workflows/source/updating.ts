import { defineUpdate, setHandler } from '@temporalio/workflow';
import type { OperationInput } from '../../domain/delivery/pause.js';
import type { Manifest } from '../../domain/source/manifest.js';
import { manifestDifferences, SOURCE_MESSAGES } from '../../domain/source/source.js';
import {
  changesWidgets,
  concernsSending,
  refusalOfUpdate,
  stepsToRename,
} from '../../domain/source/updating/updatable.js';
import type { PlanCheck } from '../../domain/planning/savedPlan.js';
import type { UpdateInput, UpdateResult } from '../../domain/source/update.js';
import { UPDATE_INPUT } from '../../domain/source/updateInputs.js';
import { refuse, requireShape } from '../refuse.js';
import { type Changing, changeAtAdobe } from './changing.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

const updateUpdate = defineUpdate<UpdateResult, [UpdateInput]>(SOURCE_MESSAGES.update);

/**
 * Registers the update `update`. To be called before the first await of the workflow.
 *
 * What fails while nothing is changed yet is refused, and the source goes on. What fails afterwards holds: `resume` tries it again,
 * `abort` puts back what was before.
 */
export function handleUpdating(changing: Changing): void {
  const { store, proxies, operations, removing } = changing;

  const update = ({ manifest, by, plan, replace, now = false }: UpdateInput): Promise<UpdateResult> =>
    operations.operate(
      'update',
      'update FILE',
      async (input) => {
        if (plan !== undefined) await proxies.other.checkPlan({ ...input, manifest, plan, replace });
        const differs = manifestDifferences(input.manifest, manifest).length > 0 || replace !== undefined;
        const done = (await changeWhatAdobeHas(input, manifest, { replace, by })) ?? { fields: [] };
        if (changesWidgets(input.manifest, manifest)) await changeWebhookUrls(store, proxies, manifest);
        // Also when they are so already: the forwarder may not know them.
        await proxies.other.configureForwarder({ ...input, manifest });
        store.change({ manifest });
        const removed = now ? await removing.removeNow() : [];
        removing.begin();
        return { v: 1, changed: differs || removed.length > 0, ...done, ...(removed.length === 0 ? {} : { removed }) };
      },
      {
        by,
        input: {
          changed: manifestDifferences(store.state.manifest, manifest),
          ...(replace === undefined ? {} : { replace }),
          ...(now ? { now } : {}),
        },
      },
    );

  async function changeWhatAdobeHas(
    input: OperationInput,
    manifest: Manifest,
    { replace, by }: Pick<UpdateInput, 'replace' | 'by'>,
  ) {
    const sending = concernsSending(input.manifest, manifest) || replace !== undefined;
    if (!sending && stepsToRename(input.manifest, manifest).length === 0) return undefined;
    return changeAtAdobe(changing, input, { ...input, manifest }, { sending, replace, by });
  }

  setHandler(updateUpdate, update, {
    description:
      'Change a live source: {"manifest": {…complete, parsed…}}, and {"replace": "flow"} or "dataset" for new connections and a new flow, {"now": true} to remove what was replaced',
    validator: (input: UpdateInput) => {
      requireShape(UPDATE_INPUT, input);
      operations.requireIdle();
      if (input.plan !== undefined) requirePlanOf(store, input.plan);
      const refusal = refusalOfUpdate(store.state.manifest, input.manifest);
      if (refusal !== undefined) refuse(refusal);
    },
  });
}

/** Between the look of the command line and now another update may have been done. */
function requirePlanOf({ state }: SourceStore, { uid, running }: PlanCheck): void {
  const { name } = state.manifest;
  const others = manifestDifferences(running, state.manifest);
  if (uid !== state.uid)
    refuse({ code: 'CAEP_PLAN_OUTDATED', fields: { name, moved: 'the source was made anew since' } });
  if (others.length === 0) return;
  const moved = `the source has been given other ${others.join(', ')} since`;
  refuse({ code: 'CAEP_PLAN_OUTDATED', fields: { name, moved } });
}

/** On our side alone: URLs of what is new, and none any more of what is gone. */
async function changeWebhookUrls(store: SourceStore, proxies: StepProxies, manifest: Manifest): Promise<void> {
  const { uid, manifest: before, resources } = store.state;
  const marker = { name: manifest.name, uid };
  const { resource } = await proxies.change('webhook-routes', { marker, manifest, before, resources });
  store.change({
    manifest: { ...before, chatlio: manifest.chatlio },
    resources: { ...resources, 'webhook-routes': resource },
  });
  store.changeStep('webhook-routes', { id: resource.id });
}
