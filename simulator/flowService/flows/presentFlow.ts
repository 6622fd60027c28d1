/** A flow as GET shows it. */
import type { Context } from '../../context.js';
import type { JsonObject } from '../../values/json.js';
import type { SimRequest } from '../../transport/request.js';
import type { StoredFlow } from '../../state/stored.js';
import { connectionsOf, type ConnectionCollection } from '../connections/connectionStore.js';
import { GENERIC_STREAMING_FLOW_SPEC } from '../specs.js';

export function presentFlow(context: Pick<Context, 'state'>, request: SimRequest, flow: StoredFlow): JsonObject {
  const { caller, sandbox, scope, baseUrl } = request;
  const { id, etag, createdBy, createdClient, labels, description } = flow;
  const inherited = (collection: ConnectionCollection, ids: readonly string[]) =>
    ids.map((connectionId) => ({
      id: connectionId,
      connectionSpec: connectionsOf(context, collection).get(scope, connectionId)?.document['connectionSpec'],
    }));
  // The inlet of an older HTTP API flow is that of its base connection.
  const hasInlet =
    flow.flowSpec.id === GENERIC_STREAMING_FLOW_SPEC &&
    !['draft', 'initializing', 'pending', 'inProgress'].includes(flow.state);
  return {
    id,
    createdAt: flow.createdAtMs,
    updatedAt: flow.updatedAtMs,
    createdBy,
    updatedBy: createdBy,
    createdClient,
    updatedClient: createdClient,
    sandboxId: sandbox.id,
    sandboxName: sandbox.name,
    imsOrgId: caller.orgId,
    name: flow.name,
    ...(description === undefined ? {} : { description }),
    flowSpec: flow.flowSpec,
    state: flow.state,
    version: etag,
    etag,
    sourceConnectionIds: flow.sourceConnectionIds,
    targetConnectionIds: flow.targetConnectionIds,
    inheritedAttributes: {
      properties: { isSourceFlow: true },
      sourceConnections: inherited('sourceConnections', flow.sourceConnectionIds),
      targetConnections: inherited('targetConnections', flow.targetConnectionIds),
    },
    // Built anew for each caller, so that a proxy in between or another port after a restart is no obstacle.
    options: hasInlet ? { ...flow.options, inletUrl: `${baseUrl}/collection/${flow.inletId}` } : flow.options,
    transformations: flow.transformations,
    ...(labels === undefined ? {} : { labels }),
    runs: `/runs?property=flowId==${id}`,
    providerRefId: flow.providerRefId,
    lastOperation: flow.lastOperation,
  };
}
