/** Which flows use a connection, those just deleted included while the policy has them seen. */
import type { Context } from '../context.js';
import type { Scope } from '../state/state.js';
import { COLLECTIONS, type StoredFlow } from '../state/stored.js';

interface DeletedFlow {
  readonly connectionIds: readonly string[];
  readonly deletedAtMs: number;
}

type Needed = Pick<Context, 'state' | 'clock' | 'policy'>;

const deletedFlows = ({ state }: Needed) => state.collection<DeletedFlow>('deletedFlows');

export function flowsUsing(context: Needed, scope: Scope, connectionIds: readonly string[]): boolean {
  const flows = context.state.collection<StoredFlow>(COLLECTIONS.flows).list(scope);
  const seenSinceMs = context.clock.now() - context.policy.current.flowDeletionVisibleAfterMs;
  const deleted = deletedFlows(context)
    .list(scope)
    .filter(({ deletedAtMs }) => deletedAtMs > seenSinceMs)
    .flatMap((flow) => flow.connectionIds);
  const used = [...flows.flatMap((flow) => [...flow.sourceConnectionIds, ...flow.targetConnectionIds]), ...deleted];
  return used.some((id) => connectionIds.includes(id));
}

export function rememberDeleted(context: Needed, scope: Scope, flow: StoredFlow): void {
  if (context.policy.current.flowDeletionVisibleAfterMs === 0) return;
  const connectionIds = [...flow.sourceConnectionIds, ...flow.targetConnectionIds];
  deletedFlows(context).put(scope, flow.id, { connectionIds, deletedAtMs: context.clock.now() });
}
