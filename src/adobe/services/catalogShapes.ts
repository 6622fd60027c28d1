/** What Catalog stores and answers. */
import * as z from 'zod';
import { milliseconds, optional, text } from '../http/tolerant.js';

export interface Dataset {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly schemaId?: string;
  readonly tags: Readonly<Record<string, readonly string[]>>;
  /** Name of the table in Query Service: the tag `adobe/pqs/table`, which Adobe sets. */
  readonly table?: string;
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  /** Only of a dataset that was read by its id. */
  readonly etag?: string;
}

export interface Batch {
  readonly id: string;
  readonly status: string;
  readonly createdAt?: number;
  readonly updatedAt?: number;
  readonly recordsWritten?: number;
  readonly recordsFailed?: number;
}

/** Tag values are lists by the documentation; single strings have been seen. */
const tagsSchema = optional(
  z.record(z.string(), z.union([z.array(z.coerce.string()), z.coerce.string().transform((value) => [value])])),
);

const datasetSchema = z.looseObject({
  name: text,
  description: text,
  schemaRef: optional(z.looseObject({ id: text })),
  tags: tagsSchema,
  created: milliseconds,
});

export const datasetsSchema = keyedById(datasetSchema).transform((rows) =>
  rows.map(
    ({ id, row }): Dataset => ({
      id,
      name: row.name ?? '',
      description: row.description,
      schemaId: row.schemaRef?.id,
      tags: row.tags ?? {},
      table: row.tags?.['adobe/pqs/table']?.[0],
      createdAt: row.created,
    }),
  ),
);

export const batchesSchema = keyedById(
  z.looseObject({
    status: text,
    created: milliseconds,
    updated: milliseconds,
    metrics: optional(
      z.looseObject({ recordsWritten: optional(z.coerce.number()), recordsFailed: optional(z.coerce.number()) }),
    ),
  }),
).transform((rows) =>
  rows.map(
    ({ id, row }): Batch => ({
      id,
      status: row.status ?? 'unknown',
      createdAt: row.created,
      updatedAt: row.updated,
      recordsWritten: row.metrics?.recordsWritten,
      recordsFailed: row.metrics?.recordsFailed,
    }),
  ),
);

/** `["@/dataSets/63ef…"]`: the id is the last segment, whatever the prefix is written like. */
export const referencesSchema = z
  .array(z.string())
  .transform((references) => references.map((reference) => reference.slice(reference.lastIndexOf('/') + 1)));

/** Catalog lists, and single objects too, are objects with the ids as keys. */
function keyedById<T>(row: z.ZodType<T>) {
  return z
    .union([
      z.record(z.string(), row),
      z
        .array(z.unknown())
        .max(0)
        .transform((): Record<string, T> => ({})),
    ])
    .transform((rows) => Object.entries(rows).map(([id, value]) => ({ id, row: value })));
}
