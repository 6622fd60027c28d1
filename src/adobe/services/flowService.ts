/** Flow Service: specs, connections, flows, runs. */
import * as z from 'zod';
import {
  type BaseConnection,
  baseConnectionSchema,
  type Connection,
  type ConnectionSpec,
  connectionSchema,
  connectionSpecSchema,
  type Flow,
  type FlowRun,
  type FlowSpec,
  flowSchema,
  flowSpecSchema,
  itemsSchema,
  runSchema,
  type SpecReference,
  type Written,
  writtenSchema,
} from './flowServiceShapes.js';
import { STREAMING_FLOW_SPEC } from '../http/constants.js';
import { absentWhenGone, deletedUnlessGone } from '../http/gone.js';
import type { AdobeHttp } from '../http/http.js';
import type { PatchOperation } from './patch.js';

export type {
  BaseConnection,
  Connection,
  ConnectionSpec,
  Flow,
  FlowRun,
  FlowSpec,
  Written,
} from './flowServiceShapes.js';

const BASE = '/data/foundation/flowservice';
const SERVICE = 'Flow Service';
const PAGE_LIMIT = 100;

export interface NewSourceConnection {
  /** No `,` and no `=`: they belong to the filter grammar. */
  readonly name: string;
  readonly description: string;
  readonly connectionSpec: SpecReference;
  readonly data: { readonly format: 'json' };
  readonly providerId?: string;
}

export interface NewTargetConnection {
  readonly name: string;
  readonly description: string;
  readonly connectionSpec: SpecReference;
  readonly data: { readonly format: 'json'; readonly schema: { readonly id: string; readonly version: string } };
  readonly params: { readonly dataSetId: string };
}

export interface NewFlow {
  readonly name: string;
  readonly description: string;
  readonly flowSpec: SpecReference;
  readonly sourceConnectionIds: readonly [string];
  readonly targetConnectionIds: readonly [string];
  readonly transformations: readonly FlowTransformation[];
  /** Refused by Adobe (1410-400). */
  readonly state?: never;
  /** Not for streaming. */
  readonly scheduleParams?: never;
}

interface FlowTransformation {
  readonly name: 'Mapping';
  readonly params: { readonly mappingId: string; readonly mappingVersion: number };
}

export type FlowAction = 'enable' | 'disable';

type Collection =
  | 'connections'
  | 'sourceConnections'
  | 'targetConnections'
  | 'flows'
  | 'runs'
  | 'connectionSpecs'
  | 'flowSpecs';
/** Of documented fields. */
type ConnectionFilter = { readonly specId: string } | { readonly baseConnectionId: string };
type Query = readonly (readonly [string, string])[];

export type FlowService = ReturnType<typeof createFlowService>;

/**
 * Ids are UUIDs; an etag is kept with its quotes, and goes stale soon after a create. What is gone is undefined: Adobe answers 404, or
 * 400 with its code 1439 or 1430 ("Flow Service API error codes").
 *
 * @throws AdobeCallError; of kind `refused` where an etag is stale
 * @example
 * const flow = await adobe.flowService.getFlow('b7b8b4c5-7e1f-4c54-8f6a-0d0d3f6a1c11');
 * if (flow?.state === 'disabled') await adobe.flowService.flowAction(flow.id, 'enable', flow.etag);
 */
export function createFlowService(http: AdobeHttp) {
  const pathOf = (collection: Collection, id?: string): string =>
    id === undefined ? `${BASE}/${collection}` : `${BASE}/${collection}/${encodeURIComponent(id)}`;

  const get = async <T extends { readonly id: string }>(
    collection: Collection,
    id: string,
    schema: z.ZodType<T>,
  ): Promise<T | undefined> => {
    const found = await absentWhenGone(
      http.request({ service: SERVICE, method: 'GET', path: pathOf(collection, id) }, itemsSchema(schema)),
    );
    return found?.items.find((item) => item.id === id);
  };

  /** All pages, or those until `atMost` rows are there. */
  async function list<T>(collection: Collection, query: Query, schema: z.ZodType<T>, atMost = Infinity): Promise<T[]> {
    const found: T[] = [];
    let token: string | undefined;
    for (;;) {
      const page = await http.request(
        {
          service: SERVICE,
          method: 'GET',
          path: pathOf(collection),
          query: [
            ...query,
            ['limit', String(Math.min(PAGE_LIMIT, atMost))],
            ...(token === undefined ? [] : ([['continuationToken', token]] as const)),
          ],
        },
        itemsSchema(schema),
      );
      found.push(...page.items);
      const next = continuationTokenOf(page['_links']?.next?.href);
      if (next === undefined || next === token || found.length >= atMost) return found.slice(0, atMost);
      token = next;
    }
  }

  const create = (collection: Collection, body: object): Promise<Written> =>
    http.request({ service: SERVICE, method: 'POST', path: pathOf(collection), body }, writtenSchema);

  const patch = (
    collection: Collection,
    id: string,
    etag: string,
    operations: readonly PatchOperation[],
  ): Promise<Written> =>
    http.request(
      {
        service: SERVICE,
        method: 'PATCH',
        path: pathOf(collection, id),
        headers: { 'if-match': etag },
        body: operations,
      },
      writtenSchema,
    );

  const remove = (collection: Collection, id: string): Promise<boolean> =>
    deletedUnlessGone(http.request({ service: SERVICE, method: 'DELETE', path: pathOf(collection, id) }, z.unknown()));

  return {
    /** Undefined when the organisation does not have it: the Chatlio source is in beta. */
    getConnectionSpec: (id: string): Promise<ConnectionSpec | undefined> =>
      get('connectionSpecs', id, connectionSpecSchema),
    getFlowSpec: (id: string): Promise<FlowSpec | undefined> => get('flowSpecs', id, flowSpecSchema),

    createSourceConnection: (body: NewSourceConnection) => create('sourceConnections', body),
    createTargetConnection: (body: NewTargetConnection) => create('targetConnections', body),
    createFlow: (body: NewFlow) => create('flows', body),

    /** Filters on names are not documented: compare names, markers and parameters yourself. */
    findSourceConnections: (filter: ConnectionFilter): Promise<Connection[]> =>
      list('sourceConnections', [propertyOf(filter)], connectionSchema),
    findTargetConnections: (filter: ConnectionFilter): Promise<Connection[]> =>
      list('targetConnections', [propertyOf(filter)], connectionSchema),
    findFlows: (filter: {
      readonly specId?: string;
      readonly sourceConnectionId?: string;
      readonly targetConnectionId?: string;
    }): Promise<Flow[]> =>
      list(
        'flows',
        [
          ...(filter.specId === undefined ? [] : ([['property', `flowSpec.id==${filter.specId}`]] as const)),
          ...(filter.sourceConnectionId === undefined
            ? []
            : ([['property', `sourceConnectionIds[]==${filter.sourceConnectionId}`]] as const)),
          ...(filter.targetConnectionId === undefined
            ? []
            : ([['property', `targetConnectionIds[]==${filter.targetConnectionId}`]] as const)),
        ],
        flowSchema,
      ),

    /** Undefined when gone: 404, or 400 with code 1439 or 1430. */
    getSourceConnection: (id: string) => get('sourceConnections', id, connectionSchema),
    getTargetConnection: (id: string) => get('targetConnections', id, connectionSchema),
    getFlow: async (id: string): Promise<Flow | undefined> => {
      const call = { service: SERVICE, method: 'GET', path: pathOf('flows', id) } as const;
      const answer = await absentWhenGone(http.requestDated(call, itemsSchema(flowSchema)));
      const flow = answer?.value.items.find((item) => item.id === id);
      return flow && { ...flow, readAt: answer?.answeredAt };
    },
    /** By Adobe's clock, ms; undefined when the answer does not say. */
    now: async (): Promise<number | undefined> =>
      (
        await http.requestDated(
          { service: SERVICE, method: 'GET', path: pathOf('flowSpecs', STREAMING_FLOW_SPEC.id) },
          z.unknown(),
        )
      ).answeredAt,

    /** Whether there was one. A connection of an active flow is refused (1447-400), also shortly after the flow's delete. */
    deleteSourceConnection: (id: string) => remove('sourceConnections', id),
    deleteTargetConnection: (id: string) => remove('targetConnections', id),
    deleteFlow: (id: string) => remove('flows', id),

    /** @param etag as read right before, with its quotes; a stale one is 412 (FLOW-1404-412) */
    patchFlow: (id: string, etag: string, operations: readonly PatchOperation[]) =>
      patch('flows', id, etag, operations),
    /** As {@link patchFlow}. What they lead from and to is not reflected by a flow that is there ("Update dataflows"): names only. */
    patchSourceConnection: (id: string, etag: string, operations: readonly PatchOperation[]) =>
      patch('sourceConnections', id, etag, operations),
    patchTargetConnection: (id: string, etag: string, operations: readonly PatchOperation[]) =>
      patch('targetConnections', id, etag, operations),

    listBaseConnections: (): Promise<BaseConnection[]> => list('connections', [], baseConnectionSchema),
    getBaseConnection: (id: string) => get('connections', id, baseConnectionSchema),
    /** As {@link patchFlow}. Credentials are at `/auth/params`. */
    patchBaseConnection: (id: string, etag: string, operations: readonly PatchOperation[]) =>
      patch('connections', id, etag, operations),
    /** Whether there was one. One that flows use is refused (1418-400). */
    deleteBaseConnection: (id: string) => remove('connections', id),

    /** @param etag as read right before, so that nobody's change in between is overridden: then it is 412 (FLOW-1404-412) */
    flowAction: (id: string, op: FlowAction, etag: string | undefined): Promise<Written> =>
      http.request(
        {
          service: SERVICE,
          method: 'POST',
          path: `${pathOf('flows', id)}/action`,
          query: [['op', op]],
          ...(etag === undefined ? {} : { headers: { 'if-match': etag } }),
        },
        writtenSchema,
      ),

    /** Newest first, of all the flows. A run of a streaming flow covers an hour; there is none before the first data. */
    listRuns: (
      flowIds: readonly string[],
      options: { readonly startedAfterMs?: number; readonly limit?: number } = {},
    ): Promise<FlowRun[]> =>
      list(
        'runs',
        [
          ['property', `flowId==${flowIds.join(',')}`],
          ...(options.startedAfterMs === undefined
            ? []
            : ([['property', `metrics.durationSummary.startedAtUTC>${options.startedAfterMs}`]] as const)),
          ['orderby', '-createdAt'],
        ],
        runSchema,
        options.limit ?? PAGE_LIMIT,
      ),
    getRun: (id: string): Promise<FlowRun | undefined> => get('runs', id, runSchema),
  };
}

function propertyOf(filter: ConnectionFilter): readonly [string, string] {
  return [
    'property',
    'specId' in filter ? `connectionSpec.id==${filter.specId}` : `baseConnectionId==${filter.baseConnectionId}`,
  ];
}

/** From `/flows?continuationToken=…`; a token may hold `=`. */
function continuationTokenOf(href: string | undefined): string | undefined {
  if (href === undefined || href === '') return undefined;
  return new URL(href, 'https://platform.adobe.io').searchParams.get('continuationToken') ?? undefined;
}
