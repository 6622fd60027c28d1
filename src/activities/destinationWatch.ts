/** Whether what is sent can still arrive: somebody may have disabled the flow, or deleted it or its dataset, while the inlet goes on answering 200. */
import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { Adobe, AdobeClients } from '../adobe/clients.js';
import { AdobeCallError } from '../adobe/errors.js';
import type { DestinationLook, ForwarderActivities } from '../domain/forwarder.js';
import type { Database } from '../store/database.js';
import { closeGate, readGate } from '../store/gate.js';
import { findSourceId } from '../store/survey.js';

export interface DestinationWatchDependencies {
  readonly database: Database;
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** A gate is closed on two looks, not on one answer that may lag. */
const CONFIRM_AFTER_MS = 2_000;

/** Looks at flow and dataset, and closes the gate where data would be lost. An Adobe that does not answer says nothing. */
export function createDestinationWatch(
  deps: DestinationWatchDependencies,
  confirmAfterMs = CONFIRM_AFTER_MS,
): ForwarderActivities['watchDestination'] {
  return async ({ uid, sandbox }) => {
    const sourceId = await findSourceId(deps.database, uid);
    const gate = sourceId === undefined ? undefined : await readGate(deps.database, sourceId);
    if (sourceId === undefined || gate === undefined) {
      throw ApplicationFailure.nonRetryable('the source is not in the store', 'CAEP_SOURCE_UNKNOWN');
    }
    // A pause may have disabled the flow, and nothing is sent.
    if (!gate.open || gate.flowId === undefined) return { v: 1, looked: true };
    const signal = Context.current().cancellationSignal;
    const clients = deps.adobe.forSandbox(sandbox, { signal });
    try {
      if ((await findFault(clients, gate.flowId)) === undefined) return { v: 1, looked: true };
      await delay(confirmAfterMs, undefined, { signal });
      const reason = await findFault(clients, gate.flowId);
      if (reason === undefined) return { v: 1, looked: true };
      // Somebody who has closed or opened it meanwhile has looked for himself.
      const closed = await closeGate(deps.database, sourceId, reason, { ifEpoch: gate.epoch });
      if (closed === undefined) return { v: 1, looked: false };
      deps.log.warn({ sourceId, reason }, 'nothing is sent any more');
      return { v: 1, looked: true, closedFor: reason };
    } catch (error) {
      if (!(error instanceof AdobeCallError)) throw error;
      return { v: 1, looked: false } satisfies DestinationLook;
    }
  };
}

/** Why what is sent to the flow would be lost. */
async function findFault(
  { flowService, catalog }: Pick<AdobeClients, 'flowService' | 'catalog'>,
  flowId: string,
): Promise<string | undefined> {
  const flow = await flowService.getFlow(flowId);
  if (flow === undefined) return `the flow ${flowId} was deleted at Adobe`;
  if (flow.state === 'disabled') return `the flow ${flowId} was disabled at Adobe`;
  const [targetId] = flow.targetConnectionIds;
  const target = targetId === undefined ? undefined : await flowService.getTargetConnection(targetId);
  if (target === undefined) return `the target connection of the flow ${flowId} was deleted at Adobe`;
  const { dataSetId } = target;
  if (dataSetId === undefined || (await catalog.getDataset(dataSetId)) !== undefined) return undefined;
  return `the dataset ${dataSetId} was deleted at Adobe`;
}
