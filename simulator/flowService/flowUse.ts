/** Which flows use a connection, those just deleted included while the policy lets them linger. */
import type { Context } from '../context.js';
import type { Scope } from '../state.js';
import { COLLECTIONS, type StoredFlow } from '../stored.js';

interface DeletedFlow {
  readonly connectionIds: readonly string[];
  readonly deletedAtMs: number;
}

type Needed = Pick<Context, 'state' | 'clock' | 'policy'>;

const deletedFlows = ({ state }: Needed) => state.collection<DeletedFlow>('deletedFlows');

export function flowsUsing(context: Needed, scope: Scope, connectionIds: readonly string[]): boolean {
  const flows = context.state.collection<StoredFlow>(COLLECTIONS.flows).list(scope);
  const lingeringSinceMs = context.clock.now() - context.policy.current.flowDeletionVisibleAfterMs;
  const lingering = deletedFlows(context)
    .list(scope)
    .filter(({ deletedAtMs }) => deletedAtMs > lingeringSinceMs)
    .flatMap((flow) => flow.connectionIds);
  const used = [...flows.flatMap((flow) => [...flow.sourceConnectionIds, ...flow.targetConnectionIds]), ...lingering];
  return used.some((id) => connectionIds.includes(id));
}

export function rememberDeleted(context: Needed, scope: Scope, flow: StoredFlow): void {
  if (context.policy.current.flowDeletionVisibleAfterMs === 0) return;
  const connectionIds = [...flow.sourceConnectionIds, ...flow.targetConnectionIds];
  deletedFlows(context).put(scope, flow.id, { connectionIds, deletedAtMs: context.clock.now() });
}
