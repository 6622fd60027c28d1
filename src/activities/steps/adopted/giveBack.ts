import type { Resource } from '../../../domain/source/steps.js';
import type { UndoEntry } from '../../../domain/source/source.js';
import { switchFlow } from '../../flowState.js';
import { closeGateOf } from '../gate.js';
import type { StepContext } from '../step.js';
import { flow } from '../table/flow.js';
import { unmark } from './marks.js';

/** What was adopted stays as it was found: without our mark, and a flow is enabled, and leads to the mapping that it led to before. */
export async function giveBack(
  context: StepContext,
  resource: Resource,
  { isFlowPaused = false }: Pick<UndoEntry, 'isFlowPaused'>,
): Promise<void> {
  if (resource.kind === 'flow') {
    await restoreMapping(context, resource);
    if (isFlowPaused) await enableAgain(context, resource);
  }
  await unmark(context.adobe, resource);
}

/** One that was deleted meanwhile is nobody's any more. */
async function enableAgain({ adobe, signal }: StepContext, { id: flowId }: Resource): Promise<void> {
  const { flowService } = adobe;
  if ((await flowService.getFlow(flowId)) !== undefined) await switchFlow({ flowService, flowId, signal }, 'enabled');
}

async function restoreMapping(context: StepContext, theirs: Resource): Promise<void> {
  const { adobe, resources } = context;
  const mapping = resources['mapping-set'];
  if (mapping?.pinnedBefore === undefined) return;
  const { id, version } = mapping.pinnedBefore;
  if (mapping.id === id && mapping.version === version) return;
  if ((await adobe.flowService.getFlow(theirs.id)) === undefined) return;
  await closeGateOf(context, theirs.id, 'the flow is given back');
  const before = { ...resources, 'mapping-set': { ...mapping, id, version } };
  await flow.change?.({ ...context, resources: before }, theirs);
}
