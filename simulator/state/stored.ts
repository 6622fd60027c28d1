/**
 * Objects that one service writes and another reads, by the name of their collection in the state. Each row says who writes.
 */
import type { Json, JsonObject } from '../values/json.js';

/** Written by the Schema Registry under `$id`. The document is what a raw lookup answers (`xed+json`). */
export interface StoredRegistryResource {
  readonly id: string;
  readonly altId: string;
  readonly resourceType: 'schemas' | 'mixins' | 'classes' | 'datatypes' | 'behaviors';
  readonly title: string;
  /** `1.0`, `1.1` and so on. */
  readonly version: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly document: JsonObject;
}

/** Written by the Schema Registry under `@id`. */
export interface StoredDescriptor {
  readonly id: string;
  readonly schemaId: string;
  readonly createdAtMs: number;
  readonly document: JsonObject;
}

/** Written by Catalog under the dataset's id. */
export interface StoredDataset {
  readonly id: string;
  readonly name: string;
  readonly schemaId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** As GET answers it, without the outer key. */
  readonly document: JsonObject;
}

/** Written by Data Prep under the mapping set's id. */
export interface StoredMappingSet {
  readonly id: string;
  readonly name?: string;
  readonly createdAtMs: number;
  /** Every version ever made, index = version number. */
  readonly versions: readonly StoredMappingSetVersion[];
}

export interface StoredMappingSetVersion {
  readonly version: number;
  readonly schemaId: string;
  readonly modifiedAtMs: number;
  readonly mappings: ReadonlyArray<{
    readonly id: string;
    readonly sourceType: 'ATTRIBUTE' | 'EXPRESSION' | 'STATIC';
    readonly source: string;
    readonly destination: string;
  }>;
  /** Whatever else the service wants to answer again. */
  readonly extra?: Readonly<Record<string, Json>>;
}

export type FlowState =
  | 'initializing'
  | 'pending'
  | 'inProgress'
  | 'enabled'
  | 'disabled'
  | 'enabling'
  | 'disabling'
  | 'updating'
  | 'draft';

/** Written by Flow Service under the flow's id. */
export interface StoredFlow {
  readonly id: string;
  readonly etag: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly createdClient: string;
  readonly createdBy: string;
  readonly name: string;
  readonly description?: string;
  readonly state: FlowState;
  readonly flowSpec: { readonly id: string; readonly version: string };
  readonly sourceConnectionIds: readonly string[];
  readonly targetConnectionIds: readonly string[];
  readonly transformations: readonly JsonObject[];
  readonly options: JsonObject;
  readonly labels?: readonly Json[];
  /** 64 hex digits, known inside from the start; shown in `options.inletUrl` once the flow is enabled. */
  readonly inletId: string;
  readonly providerRefId: string;
  readonly lastOperation: JsonObject;
  /** A transition that runs, and when it ends. */
  readonly transition?: { readonly to: FlowState; readonly dueMs: number };
}

/** Written by Flow Service under the connection's id; collections `connections`, `sourceConnections`, `targetConnections`. */
export interface StoredConnection {
  readonly id: string;
  readonly etag: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly createdClient: string;
  readonly createdBy: string;
  readonly state: 'enabled' | 'disabled' | 'initializing' | 'draft';
  readonly providerRefId: string;
  /** Name, description, connectionSpec, data, params and so on, as given. */
  readonly document: JsonObject;
}

/** Written by the sandboxes service under the sandbox's name, in the scope `{orgId, sandboxName: ''}`. */
export const COLLECTIONS = {
  registry: 'registryResources',
  descriptors: 'descriptors',
  datasets: 'dataSets',
  mappingSets: 'mappingSets',
  flows: 'flows',
  connections: 'connections',
  sourceConnections: 'sourceConnections',
  targetConnections: 'targetConnections',
  sandboxes: 'sandboxes',
} as const;
