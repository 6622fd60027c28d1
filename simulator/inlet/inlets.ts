/** Which inlet is whose, and where its flows lead: read from what Flow Service has made. */
import { createHash } from 'node:crypto';
import type { Context } from '../context.js';
import { isJsonObject, type JsonObject } from '../values/json.js';
import type { Scope } from '../state/state.js';
import { COLLECTIONS, type FlowState, type StoredConnection, type StoredFlow } from '../state/stored.js';

export interface Inlet {
  readonly id: string;
  readonly scope: Scope;
  readonly dataType: 'raw' | 'xdm';
  readonly authenticationRequired: boolean;
}

/** What the inlet needs to know of a flow. */
export interface InletFlow {
  readonly id: string;
  readonly inletId: string;
  readonly scope: Scope;
  readonly state: FlowState;
  readonly updatedAtMs: number;
  readonly datasetId: string;
  /** Absent for flows without a mapping. */
  readonly mappingId?: string;
  readonly mappingVersion?: number;
}

export interface Inlets {
  inlet(inletId: string): Inlet | undefined;
  flow(flowId: string): InletFlow | undefined;
  flowsOf(inletId: string): readonly InletFlow[];
}

/** The inlet of a base connection of the HTTP API source, shown as `auth.params.inletId`. */
export function accountInletId(connectionId: string): string {
  return createHash('sha256').update(connectionId).digest('hex');
}

export function createInlets({ state }: Pick<Context, 'state'>): Inlets {
  const flows = state.collection<StoredFlow>(COLLECTIONS.flows);
  const connections = state.collection<StoredConnection>(COLLECTIONS.connections);
  const sources = state.collection<StoredConnection>(COLLECTIONS.sourceConnections);
  const targets = state.collection<StoredConnection>(COLLECTIONS.targetConnections);
  let index: ReturnType<typeof build> | undefined;
  for (const collection of [flows, connections, sources, targets]) {
    collection.watch(() => {
      index = undefined;
    });
  }

  /** Base connections of the HTTP API source have an inlet of their own, which several flows may share. */
  function accountInlets(): Map<string, Inlet> {
    const byConnection = new Map<string, Inlet>();
    for (const { id, scope, value } of connections.all()) {
      if (objectAt(value.document, 'auth')?.['specName'] !== 'Streaming Connection') continue;
      const parameters = objectAt(value.document, 'auth', 'params');
      const dataType = parameters?.['dataType'] === 'xdm' ? 'xdm' : 'raw';
      const authenticationRequired = parameters?.['authenticationRequired'] === true;
      byConnection.set(id, { id: accountInletId(id), scope, dataType, authenticationRequired });
    }
    return byConnection;
  }

  function build() {
    const accounts = accountInlets();
    const byInlet = new Map([...accounts.values()].map((inlet) => [inlet.id, inlet]));
    const byFlow = new Map<string, InletFlow>();
    for (const { scope, value: flow } of flows.all()) {
      const account = sources.get(scope, flow.sourceConnectionIds[0] ?? '')?.document['baseConnectionId'];
      const shared = typeof account === 'string' ? accounts.get(account) : undefined;
      const inlet = shared ?? { id: flow.inletId, scope, dataType: 'raw', authenticationRequired: false };
      byInlet.set(inlet.id, inlet);
      const target = targets.get(scope, flow.targetConnectionIds[0] ?? '');
      byFlow.set(flow.id, describe(flow, scope, inlet.id, target));
    }
    return { byInlet, byFlow };
  }

  const current = () => (index ??= build());
  return {
    inlet: (inletId) => current().byInlet.get(inletId),
    flow: (flowId) => current().byFlow.get(flowId),
    flowsOf: (inletId) => [...current().byFlow.values()].filter((flow) => flow.inletId === inletId),
  };
}

function describe(flow: StoredFlow, scope: Scope, inletId: string, target: StoredConnection | undefined): InletFlow {
  const mapping = flow.transformations.find(({ name }) => name === 'Mapping');
  const parameters = mapping === undefined ? undefined : objectAt(mapping, 'params');
  const mappingId = parameters?.['mappingId'];
  const datasetId = target === undefined ? undefined : objectAt(target.document, 'params')?.['dataSetId'];
  return {
    id: flow.id,
    inletId,
    scope,
    state: flow.state,
    updatedAtMs: flow.updatedAtMs,
    datasetId: typeof datasetId === 'string' ? datasetId : '',
    ...(typeof mappingId === 'string'
      ? { mappingId, mappingVersion: Number(parameters?.['mappingVersion'] ?? 0) }
      : {}),
  };
}

function objectAt(object: JsonObject, ...names: readonly string[]): JsonObject | undefined {
  return names.reduce<JsonObject | undefined>((node, name) => {
    const inner = node?.[name];
    return isJsonObject(inner) ? inner : undefined;
  }, object);
}
