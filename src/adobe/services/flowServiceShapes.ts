/** What Flow Service stores and answers. Tolerant: unknown fields are ignored, both documented spellings are read. */
import * as z from 'zod';
import { milliseconds, optional, text, texts } from '../http/tolerant.js';

export interface SpecReference {
  readonly id: string;
  readonly version: string;
}

interface Stored {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** `enabled`, `disabled`, `initializing`, … */
  readonly state?: string;
  /** With its quotes, as `If-Match` takes it. */
  readonly etag?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  readonly updatedAt?: number;
}

export interface Connection extends Stored {
  readonly connectionSpecId?: string;
  readonly baseConnectionId?: string;
  /** Of a target connection. */
  readonly dataSetId?: string;
  /** `$id`; of a target connection. */
  readonly schemaId?: string;
  /** The number alone: of a content type `…;version=1`, 1. */
  readonly schemaVersion?: string;
  /** Of a source connection: `json`. */
  readonly format?: string;
}

/** An account. Its `auth.params` are credentials and are not read. */
export interface BaseConnection extends Stored {
  readonly connectionSpecId?: string;
  readonly authSpecName?: string;
}

export interface Flow extends Stored {
  readonly flowSpecId?: string;
  readonly sourceConnectionIds: readonly string[];
  readonly targetConnectionIds: readonly string[];
  readonly mapping?: { readonly id: string; readonly version: number };
  /** A secret: who has it and the flow's id can write data. Absent until the flow is enabled. */
  readonly inletUrl?: string;
  /** What Adobe did with it last. */
  readonly lastOperation?: FlowOperation;
  /** When it was read, by Adobe's own clock as `updatedAt` is: what lies between the two no other clock need agree on. */
  readonly readAt?: number;
}

interface FlowOperation {
  /** `enable`, `disable`, `update`. */
  readonly operation?: string;
  /** `completed`; others are not documented. */
  readonly status?: string;
  /** In Adobe's words. The documentation shows an empty list, so any form is taken. */
  readonly errors: readonly string[];
}

export interface FlowRun {
  readonly id: string;
  readonly flowId: string;
  readonly createdAt?: number;
  /** `success`, `failed`, `inprogress`, …: lower case, without underscores. */
  readonly status?: string;
  /** The window of the run, milliseconds since the epoch. */
  readonly startedAt?: number;
  readonly completedAt?: number;
  readonly inputRecords?: number;
  readonly outputRecords?: number;
  readonly failedRecords?: number;
  /** Written, though a transformation gave nothing. */
  readonly warningRecords?: number;
  readonly inputBytes?: number;
  readonly outputBytes?: number;
  /** Those that its activities refer to, in any order; those with failed records are among them, if the run names any. */
  readonly batchIds: readonly string[];
  readonly errors: readonly { readonly code?: string; readonly message?: string }[];
}

export interface ConnectionSpec {
  readonly id: string;
  readonly name?: string;
  readonly version?: string;
  /** The Chatlio source has none; a spec that asks for authentication is another kind of source. */
  readonly authSpecCount: number;
}

export interface FlowSpec {
  readonly id: string;
  readonly name?: string;
  readonly sourceConnectionSpecIds: readonly string[];
  readonly targetConnectionSpecIds: readonly string[];
}

/** What a create, PATCH or action answers. The etag of a created flow is stale within seconds. */
export interface Written {
  readonly id: string;
  readonly etag?: string;
}

const stored = {
  id: z.string(),
  name: text,
  description: text,
  state: text,
  etag: text,
  eTag: text,
  version: text,
  createdAt: milliseconds,
  updatedAt: milliseconds,
};

interface StoredFields extends Omit<Stored, 'name'> {
  readonly name?: string;
  readonly eTag?: string;
  readonly version?: string;
}

function storedOf({ id, name, description, state, etag, eTag, version, createdAt, updatedAt }: StoredFields): Stored {
  // etag and version are the same string; `eTag` is a slip of the specification that runs have.
  const tag = etag ?? eTag ?? version;
  return { id, name: name ?? '', description, state, etag: tag, createdAt, updatedAt };
}

export const connectionSchema = z
  .looseObject({
    ...stored,
    connectionSpec: optional(z.looseObject({ id: text })),
    baseConnectionId: text,
    params: optional(z.looseObject({ dataSetId: text, datasetId: text })),
    data: optional(
      z.looseObject({
        format: text,
        schema: optional(z.looseObject({ id: text, version: optional(z.coerce.string()) })),
      }),
    ),
  })
  .transform(
    (body): Connection => ({
      ...storedOf(body),
      connectionSpecId: body.connectionSpec?.id,
      baseConnectionId: body.baseConnectionId,
      dataSetId: body.params?.dataSetId ?? body.params?.datasetId,
      schemaId: body.data?.schema?.id,
      schemaVersion: schemaVersionOf(body.data?.schema?.version),
      format: body.data?.format,
    }),
  );

/** Written as a content type in several ways, with and without a space, or as a version: the number is what counts. */
export function schemaVersionOf(version: string | undefined): string | undefined {
  return /(?:version=\s*|^)(\d+)/.exec(version ?? '')?.[1];
}

export const baseConnectionSchema = z
  .looseObject({
    ...stored,
    connectionSpec: optional(z.looseObject({ id: text })),
    auth: optional(z.looseObject({ specName: text })),
  })
  .transform(
    (body): BaseConnection => ({
      ...storedOf(body),
      connectionSpecId: body.connectionSpec?.id,
      authSpecName: body.auth?.specName,
    }),
  );

const transformationSchema = z.looseObject({
  params: optional(z.looseObject({ mappingId: text, mappingVersion: z.coerce.number().catch(0) })),
});

/** A text, or whatever of an object says something. */
const operationErrorSchema = z.unknown().transform((error): string => {
  if (typeof error === 'string') return error;
  const { code, message, errorMessage, detail } = (error ?? {}) as Readonly<Record<string, unknown>>;
  const said = [code, message ?? errorMessage ?? detail].filter(
    (part): part is string | number => typeof part === 'string' || typeof part === 'number',
  );
  return said.length === 0 ? JSON.stringify(error) : said.join(': ');
});

const lastOperationSchema = optional(
  z
    .looseObject({
      operation: text,
      status: optional(z.looseObject({ value: text, errors: optional(z.array(operationErrorSchema)) })),
    })
    .transform(
      ({ operation, status }): FlowOperation => ({ operation, status: status?.value, errors: status?.errors ?? [] }),
    ),
);

export const flowSchema = z
  .looseObject({
    ...stored,
    flowSpec: optional(z.looseObject({ id: text })),
    sourceConnectionIds: texts,
    targetConnectionIds: texts,
    transformations: optional(z.array(transformationSchema)),
    options: optional(z.looseObject({ inletUrl: text })),
    lastOperation: lastOperationSchema,
  })
  .transform((body): Flow => {
    const params = (body.transformations ?? []).map((row) => row.params).find((row) => row?.mappingId !== undefined);
    return {
      ...storedOf(body),
      flowSpecId: body.flowSpec?.id,
      sourceConnectionIds: body.sourceConnectionIds ?? [],
      targetConnectionIds: body.targetConnectionIds ?? [],
      ...(params?.mappingId === undefined ? {} : { mapping: { id: params.mappingId, version: params.mappingVersion } }),
      inletUrl: body.options?.inletUrl,
      ...(body.lastOperation === undefined ? {} : { lastOperation: body.lastOperation }),
    };
  });

const count = optional(z.number());

const activitySchema = z.looseObject({
  statusSummary: optional(
    z.looseObject({
      extensions: optional(
        z.looseObject({ manifest: optional(z.looseObject({ failedRecords: text, sampleErrors: text })) }),
      ),
    }),
  ),
  targetInfo: optional(
    z.array(z.looseObject({ reference: optional(z.looseObject({ type: text, ids: texts })) }).catch({})),
  ),
});
const activitiesSchema = optional(z.array(activitySchema.catch({})));

/** Of a manifest: `…/export/batches/{id}/meta?path=row_errors`. */
const BATCH_OF_URL = /\/export\/batches\/([^/?#]+)\//;

function batchIdsOf(activities: readonly z.infer<typeof activitySchema>[]): string[] {
  const found = activities.flatMap(({ statusSummary, targetInfo }) => {
    const { failedRecords, sampleErrors } = statusSummary?.extensions?.manifest ?? {};
    return [
      ...[failedRecords, sampleErrors].flatMap((url) => BATCH_OF_URL.exec(url ?? '')?.[1] ?? []),
      ...(targetInfo ?? []).flatMap(({ reference }) =>
        reference?.type?.toLowerCase() === 'batch' ? (reference.ids ?? []) : [],
      ),
    ];
  });
  return [...new Set(found)];
}

export const runSchema = z
  .looseObject({
    id: z.string(),
    flowId: z.string(),
    createdAt: milliseconds,
    metrics: optional(
      z.looseObject({
        durationSummary: optional(z.looseObject({ startedAtUTC: milliseconds, completedAtUTC: milliseconds })),
        recordSummary: optional(
          z.looseObject({
            inputRecordCount: count,
            outputRecordCount: count,
            failedRecordCount: count,
            warningRecordCount: count,
          }),
        ),
        sizeSummary: optional(z.looseObject({ inputBytes: count, outputBytes: count })),
        statusSummary: optional(
          z.looseObject({
            status: text,
            errors: optional(z.array(z.looseObject({ code: optional(z.coerce.string()), message: text }))),
          }),
        ),
      }),
    ),
    // The specification spells it in both ways.
    activities: activitiesSchema,
    activites: activitiesSchema,
  })
  .transform(
    ({ id, flowId, createdAt, metrics, activities, activites }): FlowRun => ({
      id,
      flowId,
      createdAt,
      status: metrics?.statusSummary?.status?.toLowerCase().replaceAll('_', ''),
      startedAt: metrics?.durationSummary?.startedAtUTC,
      completedAt: metrics?.durationSummary?.completedAtUTC,
      inputRecords: metrics?.recordSummary?.inputRecordCount,
      outputRecords: metrics?.recordSummary?.outputRecordCount,
      failedRecords: metrics?.recordSummary?.failedRecordCount,
      warningRecords: metrics?.recordSummary?.warningRecordCount,
      inputBytes: metrics?.sizeSummary?.inputBytes,
      outputBytes: metrics?.sizeSummary?.outputBytes,
      batchIds: batchIdsOf(activities ?? activites ?? []),
      errors: (metrics?.statusSummary?.errors ?? []).map(({ code, message }) => ({ code, message })),
    }),
  );

export const connectionSpecSchema = z
  .looseObject({ id: z.string(), name: text, version: text, authSpec: optional(z.array(z.unknown())) })
  .transform(
    ({ id, name, version, authSpec }): ConnectionSpec => ({ id, name, version, authSpecCount: authSpec?.length ?? 0 }),
  );

export const flowSpecSchema = z
  .looseObject({ id: z.string(), name: text, sourceConnectionSpecIds: texts, targetConnectionSpecIds: texts })
  .transform(
    ({ id, name, sourceConnectionSpecIds, targetConnectionSpecIds }): FlowSpec => ({
      id,
      name,
      sourceConnectionSpecIds: sourceConnectionSpecIds ?? [],
      targetConnectionSpecIds: targetConnectionSpecIds ?? [],
    }),
  );

const written = z
  .looseObject({ id: z.string(), etag: text, eTag: text })
  .transform(({ id, etag, eTag }): Written => ({ id, etag: etag ?? eTag }));

/** The pages show `{id, etag}`, the OpenAPI file a list of one for PATCHes of connections. */
export const writtenSchema = z.union([
  written,
  z.looseObject({ items: z.tuple([written], z.unknown()) }).transform(({ items }) => items[0]),
  z.tuple([written], z.unknown()).transform(([first]) => first),
]);

/** GET by id answers with a list, too. */
export function itemsSchema<T>(item: z.ZodType<T>) {
  return z.looseObject({
    items: z.array(item),
    _links: optional(z.looseObject({ next: optional(z.looseObject({ href: z.string() })) })),
  });
}
