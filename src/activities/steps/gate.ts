/** The operations on a live source's gate. Each may be done again: after a lost answer, and by a person who types it twice. */
import { codedError } from '../../domain/errors.js';
import type { GateOpening } from '../../domain/delivery/pause.js';
import type { ClosedUntil } from '../../store/delivery/gate.js';
import { readFlow, switchFlow } from '../flowState.js';
import { awaitQuiet } from '../quiet.js';
import { bothSettled } from './settled.js';
import { openWithInlet, requireSettleWindow } from './local.js';
import { made, type StepContext } from './step.js';

/** Nothing is sent afterwards: what was under way has ended. */
export async function closeGate({ store, marker }: StepContext, reason: string, until?: ClosedUntil): Promise<void> {
  await store.closeGate(marker, reason, until);
  await awaitQuiet(store, marker);
}

/** Before a flow is deleted or given back: what is sent to it would be lost. One that nothing is sent to goes quietly. */
export async function closeGateOf(context: StepContext, flowId: string, reason: string): Promise<void> {
  const inUse = await context.store.flowId(context.marker);
  if (inUse === undefined || inUse === flowId) await closeGate(context, reason);
}

export async function disableFlow(context: StepContext): Promise<void> {
  await switchFlow(flowOf(context), 'disabled');
}

/** Whoever has disabled it. Opens no gate. */
export async function enableFlow(context: StepContext): Promise<void> {
  await switchFlow(flowOf(context), 'enabled');
}

/**
 * Opens the gate for the end of the settle window, with the inlet that is stored. A flow that is not enabled, whoever did that,
 * is enabled first, with the gate closed: Adobe may drop what is sent meanwhile.
 */
export async function openGate(context: StepContext): Promise<GateOpening> {
  requireSettleWindow(context);
  const { store, marker } = context;
  const gate = await store.gate(marker);
  const { state } = await readFlow(flowOf(context));
  await requireDataset(context);
  // A database that was set back may know the inlet of a flow that was replaced since.
  const isKnown = gate.flowId === flowOf(context).flowId;
  if (gate.open && state === 'enabled' && isKnown) {
    return { opened: false, opensAt: (gate.opensAt ?? new Date()).toISOString() };
  }
  if (state !== 'enabled') {
    if (gate.open) await store.closeGate(marker, 'the flow is being enabled');
    await awaitQuiet(store, marker);
  }
  const flow = await switchFlow(flowOf(context), 'enabled');
  const settled = await bothSettled(context);
  if (!isKnown)
    return { opened: true, opensAt: (await openWithInlet(context, settled, { unpauses: true })).opensAt ?? '' };
  const opensAt = settled(flow, await store.now());
  await store.openGate(marker, opensAt, made(context.resources, 'dataset').id);
  return { opened: true, opensAt: opensAt.toISOString() };
}

/** @throws CodedError `CAEP_DATASET_GONE`: what is sent would be lost */
async function requireDataset({ adobe, resources }: StepContext): Promise<void> {
  const { id } = made(resources, 'dataset');
  if ((await adobe.catalog.getDataset(id)) === undefined) throw codedError('CAEP_DATASET_GONE', { id });
}

function flowOf({ adobe, resources, signal }: StepContext) {
  return { flowService: adobe.flowService, flowId: made(resources, 'flow').id, signal };
}
