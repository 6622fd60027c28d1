/** Whether what is sent can still arrive: somebody may have disabled the flow, or deleted it or its dataset, while the inlet goes on answering 200. */
import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { Adobe, AdobeClients } from '../../adobe/clients.js';
import { AdobeCallError } from '../../adobe/http/errors.js';
import type { Flow } from '../../adobe/services/flowService.js';
import type { DestinationLook, DestinationWatchInput, ForwarderActivities } from '../../domain/delivery/forwarder.js';
import type { Database } from '../../store/connection/database.js';
import { readClock } from '../../store/connection/clock.js';
import { closeGate, type Gate, openGate, readGate } from '../../store/delivery/gate.js';
import { readFlowRunLook } from '../../store/views/flowRunLook.js';
import { lookAtFlowRuns } from '../flowRunLook.js';
import { findFlowDestination } from '../flowDestination.js';
import { settleWindowEnd } from '../flowState.js';
import { notInStore, sourceIdOf } from '../sourceInStore.js';

export interface DestinationWatchDependencies {
  readonly database: Database;
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** The gate is changed on two looks, not on one answer that may lag. */
const CONFIRM_AFTER_MS = 2_000;
/** Looks come more often where a lake latency is short, as against the simulator. */
const RUNS_EVERY_MS = 5_000;

/**
 * Looks at flow and dataset, and at the flow's runs for the figure that `status` shows; closes the gate where data would be lost, and opens again what it has closed itself: a settle window
 * after the flow's own last change, as `unpause` does. An Adobe that does not answer says nothing.
 */
export function createDestinationWatch(
  deps: DestinationWatchDependencies,
  confirmAfterMs = CONFIRM_AFTER_MS,
): ForwarderActivities['watchDestination'] {
  return async (input) => {
    const sourceId = await sourceIdOf(deps.database, input.uid);
    const look = await lookAtDestination(sourceId, input);
    const flowRuns = await readFlowRunLook(deps.database, sourceId);
    return flowRuns === undefined ? look : { ...look, flowRuns };
  };

  async function lookAtDestination(
    sourceId: number,
    { sandbox, settleWindowMs }: DestinationWatchInput,
  ): Promise<DestinationLook> {
    const gate = await readGate(deps.database, sourceId);
    if (gate === undefined) throw notInStore();
    const { flowId, inletSealed, epoch: ifEpoch } = gate;
    if (flowId === undefined || inletSealed === undefined) return UNCHANGED;
    // Closed by somebody, who may have disabled the flow as well.
    if (!gate.open && !gate.opensByItself) return { ...UNCHANGED, closedFor: gate.reason };

    const signal = Context.current().cancellationSignal;
    const clients = deps.adobe.forSandbox(sandbox, { signal });
    const known = gate.open ? undefined : gate.reason;
    try {
      const first = await lookAt(clients, flowId);
      if (first.fault === undefined) await lookAtFlowRuns(deps.database, clients, { sourceId, everyMs: RUNS_EVERY_MS });
      if (first.fault === known) return unchanged(gate);
      await delay(confirmAfterMs, undefined, { signal });
      const { fault, flow, datasetId } = await lookAt(clients, flowId);
      if (fault === known) return unchanged(gate);
      if (fault !== undefined) {
        const closed = await closeGate(deps.database, sourceId, fault, { ifEpoch, opensByItself: true });
        if (closed === undefined) return CHANGED_MEANWHILE;
        deps.log.warn({ sourceId, reason: fault }, 'sending has stopped, because events would be lost at Adobe');
        return { ...UNCHANGED, closedFor: fault, opensByItself: true };
      }
      // One that is being enabled is not enabled yet.
      if (flow.state !== 'enabled' || settleWindowMs === undefined) return unchanged(gate);
      const opensAt = settleWindowEnd(flow, { settleWindowMs }, await readClock(deps.database));
      const opening = { sourceId, flowId, datasetId, inletSealed, opensAt };
      const opened = await openGate(deps.database, opening, { ifEpoch });
      if (opened === undefined) return CHANGED_MEANWHILE;
      deps.log.info(
        { sourceId, opensAt, closedFor: gate.reason },
        'the destination is in order again: events are sent',
      );
      return UNCHANGED;
    } catch (error) {
      if (!(error instanceof AdobeCallError)) throw error;
      return { v: 1, looked: false };
    }
  }
}

const UNCHANGED = { v: 1, looked: true } as const satisfies DestinationLook;
/** Somebody who has closed or opened the gate meanwhile has looked for himself. */
const CHANGED_MEANWHILE = { v: 1, looked: false } as const satisfies DestinationLook;

function unchanged({ open, reason }: Pick<Gate, 'open' | 'reason'>): DestinationLook {
  return open ? UNCHANGED : { ...UNCHANGED, closedFor: reason, opensByItself: true };
}

type Look =
  | { readonly fault: string; readonly flow?: undefined; readonly datasetId?: undefined }
  | { readonly fault?: undefined; readonly flow: Flow; readonly datasetId?: string };

/** The fault: why what is sent to the flow would be lost. */
async function lookAt(adobe: Pick<AdobeClients, 'flowService' | 'catalog'>, flowId: string): Promise<Look> {
  const destination = await findFlowDestination(adobe, flowId);
  if (destination.state === 'no-flow') return { fault: `the flow ${flowId} was deleted at Adobe` };
  if (destination.flow.state === 'disabled') return { fault: `the flow ${flowId} was disabled at Adobe` };
  switch (destination.state) {
    case 'no-target':
      return { fault: `the target connection of the flow ${flowId} was deleted at Adobe` };
    case 'no-dataset':
      return { fault: `the dataset ${destination.datasetId} was deleted at Adobe` };
    case 'names-no-dataset':
      return { flow: destination.flow };
    case 'found':
      return { flow: destination.flow, datasetId: destination.dataset.id };
    default:
      return destination satisfies never;
  }
}
