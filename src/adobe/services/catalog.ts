/** Catalog: datasets and batches. */
import * as z from 'zod';
import { type Batch, type Dataset, batchesSchema, datasetsSchema, referencesSchema } from './catalogShapes.js';
import { SCHEMA_CONTENT_TYPE } from '../http/constants.js';
import { absentWhenGone, isGone } from '../http/gone.js';
import type { AdobeHttp } from '../http/http.js';
import type { PatchOperation } from './patch.js';

export type { Batch, Dataset } from './catalogShapes.js';

const BASE = '/data/foundation/catalog';
const SERVICE = 'Catalog';
/** One page of the documentation writes it the other way round. */
const JSON_PATCH = 'application/json-patch+json';
/** The documented maximum. */
const PAGE_LIMIT = 100;

export interface NewDataset {
  readonly name: string;
  readonly description: string;
  /** `$id`. */
  readonly schemaId: string;
  readonly tags: Readonly<Record<string, readonly string[]>>;
}

export interface DatasetFilter {
  readonly name?: string;
  readonly tag?: { readonly name: string; readonly value: string };
  readonly schemaId?: string;
}

export type Catalog = ReturnType<typeof createCatalog>;

/**
 * Ids are 24 hexadecimal digits; times are milliseconds since the epoch ("Catalog Service API"). What is gone is undefined, and
 * deleting it again is `false`: neither throws.
 *
 * @throws AdobeCallError
 * @example
 * const [dataset] = await adobe.catalog.findDatasets({ name: 'Chatlio chats' });
 * const table = dataset?.tags['adobe/pqs/table']?.[0];
 * log.info({ id: dataset?.id, table });
 */
export function createCatalog(http: AdobeHttp) {
  /** No total and no link: a page with fewer rows than the limit is the last. */
  async function pages<T>(
    path: string,
    query: readonly (readonly [string, string])[],
    schema: z.ZodType<T[]>,
  ): Promise<T[]> {
    const found: T[] = [];
    for (let start = 0; ; start += PAGE_LIMIT) {
      const page = await http.request(
        {
          service: SERVICE,
          method: 'GET',
          path,
          query: [...query, ['limit', String(PAGE_LIMIT)], ['start', String(start)]],
        },
        schema,
      );
      found.push(...page);
      if (page.length < PAGE_LIMIT) return found;
    }
  }

  return {
    /** All pages; every given filter is checked again here, exactly. */
    findDatasets: async (filter: DatasetFilter): Promise<Dataset[]> => {
      const { name, tag, schemaId } = filter;
      const query: (readonly [string, string])[] = [];
      if (name !== undefined) query.push(['property', `name==${name}`]);
      if (schemaId !== undefined) query.push(['property', `schemaRef.id==${schemaId}`]);
      if (tag !== undefined) query.push(['tags', `${tag.name}:${tag.value}`]);
      const found = await pages(`${BASE}/dataSets`, query, datasetsSchema);
      return found.filter(
        (dataset) =>
          (name === undefined || dataset.name === name) &&
          (schemaId === undefined || dataset.schemaId === schemaId) &&
          (tag === undefined || dataset.tags[tag.name]?.includes(tag.value) === true),
      );
    },

    getDataset: async (id: string): Promise<Dataset | undefined> => {
      const answer = await absentWhenGone(
        http.requestDated(
          { service: SERVICE, method: 'GET', path: `${BASE}/dataSets/${encodeURIComponent(id)}` },
          datasetsSchema,
        ),
      );
      const dataset = answer?.value.find((row) => row.id === id);
      return dataset && { ...dataset, etag: answer?.etag };
    },

    /**
     * Name and tags; tags that are not named stay.
     *
     * @param etag as read right before; a stale one is 412 ("Catalog Service API", Update an object)
     */
    patchDataset: async (
      id: string,
      etag: string | undefined,
      operations: readonly PatchOperation[],
    ): Promise<void> => {
      await http.request(
        {
          service: SERVICE,
          method: 'PATCH',
          path: `${BASE}/dataSets/${encodeURIComponent(id)}`,
          headers: { 'content-type': JSON_PATCH, ...(etag === undefined ? {} : { 'if-match': etag }) },
          body: operations,
        },
        z.unknown(),
      );
    },

    createDataset: async (dataset: NewDataset): Promise<{ readonly id: string }> => {
      const id = await http.request(
        {
          service: SERVICE,
          method: 'POST',
          path: `${BASE}/dataSets`,
          body: {
            name: dataset.name,
            description: dataset.description,
            schemaRef: { id: dataset.schemaId, contentType: SCHEMA_CONTENT_TYPE },
            tags: dataset.tags,
          },
        },
        referencesSchema.transform(([first], context) => {
          if (first !== undefined && first !== '') return first;
          context.addIssue({ code: 'custom', message: 'expected one reference to the new dataset' });
          return z.NEVER;
        }),
      );
      return { id };
    },

    /** Whether there was one: 200 with an empty list, and 404, both say that there was none. */
    deleteDataset: async (id: string): Promise<boolean> => {
      try {
        const deleted = await http.request(
          { service: SERVICE, method: 'DELETE', path: `${BASE}/dataSets/${encodeURIComponent(id)}` },
          z.unknown(),
        );
        return !(Array.isArray(deleted) && deleted.length === 0);
      } catch (error) {
        if (isGone(error)) return false;
        throw error;
      }
    },

    /** Newest first. */
    listBatches: (filter: {
      readonly datasetId: string;
      readonly createdAfterMs?: number;
      readonly status?: string;
    }): Promise<Batch[]> =>
      pages(
        `${BASE}/batches`,
        [
          ['dataSet', filter.datasetId],
          ['orderBy', 'desc:created'],
          ...(filter.createdAfterMs === undefined ? [] : ([['createdAfter', String(filter.createdAfterMs)]] as const)),
          ...(filter.status === undefined ? [] : ([['status', filter.status]] as const)),
        ],
        batchesSchema,
      ),
  };
}
