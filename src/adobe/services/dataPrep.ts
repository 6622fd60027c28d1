/** Data Prep: mapping sets. Sends the current dialect (`sourceType`, `source`, `destination`), reads all of them. */
import * as z from 'zod';
import { SCHEMA_CONTENT_TYPE } from '../http/constants.js';
import { AdobeCallError } from '../http/errors.js';
import { absentWhenGone, isGone } from '../http/gone.js';
import type { AdobeHttp } from '../http/http.js';
import { type Mapping, normaliseMappings, type StoredMapping } from './mappings.js';
import { optional, text } from '../http/tolerant.js';

export { normaliseMappings } from './mappings.js';

const BASE = '/data/foundation/conversion/mappingSets';
const SERVICE = 'Data Prep';
const PAGE_LIMIT = 100;

export interface NewMappingSet {
  readonly name: string;
  /** `$id`; must be the schema of the target dataset (1425-400 otherwise). */
  readonly schemaId: string;
  readonly mappings: readonly Mapping[];
}

export interface MappingSet {
  readonly id: string;
  readonly version: number;
  readonly name?: string;
  readonly schemaId?: string;
  /** As {@link normaliseMappings} gives them. */
  readonly mappings: readonly StoredMapping[];
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
}

/** One per mapping, in their order. */
export interface MappingVerdict {
  readonly ok: boolean;
  /** What Adobe says, one line for each error. */
  readonly errors: readonly string[];
}

/** Of one sample record. */
export interface PreviewedRecord {
  /** It comes out as an event at all; what is in `errors` else costs single fields. */
  readonly mapped: boolean;
  /** The event. */
  readonly data?: unknown;
  /** What Adobe says, one line for each error. */
  readonly errors: readonly string[];
  /** The same, with the field that each is about, where Adobe names it. */
  readonly failures: readonly { readonly destination?: string; readonly said: string }[];
}

/** POST answers milliseconds, the specification says ISO strings. */
const dateSchema = optional(
  z.union([z.number(), z.string().transform((date) => (/^\d+$/.test(date) ? Number(date) : Date.parse(date)))]),
).transform((ms) => (Number.isNaN(ms) ? undefined : ms));

const mappingSetSchema = z
  .looseObject({
    id: z.string(),
    version: z.coerce.number().default(0),
    name: text,
    outputSchema: optional(z.looseObject({ schemaRef: optional(z.looseObject({ id: text })) })),
    schemaRef: optional(z.looseObject({ id: text })),
    xdmSchema: text,
    mappings: optional(z.array(z.unknown())),
    createdDate: dateSchema,
  })
  .transform(
    (set): MappingSet => ({
      id: set.id,
      version: set.version,
      name: set.name,
      schemaId: set.outputSchema?.schemaRef?.id ?? set.schemaRef?.id ?? set.xdmSchema,
      mappings: normaliseMappings(set.mappings ?? []),
      createdAt: set.createdDate,
    }),
  );

const pageSchema = z.looseObject({ data: z.array(mappingSetSchema) });

const createdSchema = z
  .looseObject({ id: z.string(), version: z.coerce.number().default(0) })
  .transform(({ id, version }) => ({ id, version }));

const validationSchema = z.looseObject({
  validationResponse: z.array(z.looseObject({ status: z.string(), errors: z.unknown().optional() })),
});

const previewSchema = z.array(z.looseObject({ data: z.unknown().optional(), errors: z.unknown().optional() }));

export type DataPrep = ReturnType<typeof createDataPrep>;

/**
 * Mapping sets have a version that a flow pins ("Data Prep API"). Whether mappings fit is asked first: a create takes bad ones.
 *
 * @throws AdobeCallError
 * @example
 * const set = {
 *   name: 'support-chat',
 *   schemaId: 'https://ns.adobe.com/acme/schemas/1f2e',
 *   mappings: [{ sourceType: 'ATTRIBUTE' as const, source: 'chatId', destination: '_acme.chatId' }],
 * };
 * const verdicts = await adobe.dataPrep.validateMappingSet(set);
 * if (verdicts.every(({ ok }) => ok)) await adobe.dataPrep.createMappingSet(set);
 */
export function createDataPrep(http: AdobeHttp) {
  return {
    /** Stores nothing. Adobe answers 200 also when mappings are bad: every verdict counts. */
    validateMappingSet: async (set: NewMappingSet): Promise<MappingVerdict[]> => {
      const { validationResponse } = await http.request(
        { service: SERVICE, method: 'POST', path: `${BASE}/validate`, body: bodyOf(set), readOnly: true },
        validationSchema,
      );
      return validationResponse.map(({ status, errors }) => ({
        ok: status.toUpperCase() === 'SUCCESS',
        errors: errorLines(errors),
      }));
    },

    /** Maps sample records, one answer for each. Stores nothing. */
    previewMappingSet: async (set: NewMappingSet, records: readonly object[]): Promise<PreviewedRecord[]> => {
      const body = { data: records, mappingSet: bodyOf(set) };
      const previewed = await http.request(
        { service: SERVICE, method: 'POST', path: `${BASE}/preview`, body, readOnly: true },
        previewSchema,
      );
      return previewed.map(({ data, errors }) => ({
        mapped: data !== null && data !== undefined,
        ...(data === null || data === undefined ? {} : { data }),
        errors: errorLines(errors),
        failures: errorRows(errors).map(failureOf),
      }));
    },

    createMappingSet: (set: NewMappingSet): Promise<{ readonly id: string; readonly version: number }> =>
      http.request({ service: SERVICE, method: 'POST', path: BASE, body: bodyOf(set) }, createdSchema),

    /** Without a version Adobe answers version 0, whatever the newest is. */
    getMappingSet: (id: string, version: number): Promise<MappingSet | undefined> =>
      absentWhenGone(
        http.request(
          {
            service: SERVICE,
            method: 'GET',
            path: `${BASE}/${encodeURIComponent(id)}`,
            query: [['version', String(version)]],
          },
          mappingSetSchema,
        ),
      ),

    /** All pages. A name is compared exactly. */
    listMappingSets: async (filter: { readonly name?: string } = {}): Promise<MappingSet[]> => {
      const found: MappingSet[] = [];
      for (let start = 0; ; start += PAGE_LIMIT) {
        const page = await http.request(
          {
            service: SERVICE,
            method: 'GET',
            path: BASE,
            query: [
              ...(filter.name === undefined ? [] : ([['name', filter.name]] as const)),
              ['limit', String(PAGE_LIMIT)],
              ['start', String(start)],
            ],
          },
          pageSchema,
        );
        found.push(...page.data);
        if (page.data.length < PAGE_LIMIT) break;
      }
      return filter.name === undefined ? found : found.filter((set) => set.name === filter.name);
    },

    /** Makes a new version; a flow pins the old one until it is patched. */
    replaceMappingSet: (id: string, set: NewMappingSet): Promise<{ readonly id: string; readonly version: number }> =>
      http.request(
        { service: SERVICE, method: 'PUT', path: `${BASE}/${encodeURIComponent(id)}`, body: bodyOf(set) },
        createdSchema,
      ),

    /** No delete is documented for mapping sets; where it is not offered (405) the set stays. */
    deleteMappingSet: async (id: string): Promise<'deleted' | 'absent' | 'not-supported'> => {
      try {
        await http.request(
          { service: SERVICE, method: 'DELETE', path: `${BASE}/${encodeURIComponent(id)}` },
          z.unknown(),
        );
        return 'deleted';
      } catch (error) {
        if (isGone(error)) return 'absent';
        if (error instanceof AdobeCallError && (error.error.httpStatus === 405 || error.error.httpStatus === 501)) {
          return 'not-supported';
        }
        throw error;
      }
    },
  };
}

function bodyOf(set: NewMappingSet): object {
  return {
    name: set.name,
    outputSchema: { schemaRef: { id: set.schemaId, contentType: SCHEMA_CONTENT_TYPE } },
    mappings: set.mappings.map(({ sourceType, source, destination }) => ({ sourceType, source, destination })),
  };
}

function errorRows(errors: unknown): readonly unknown[] {
  if (errors === null || errors === undefined) return [];
  return Array.isArray(errors) ? errors : [errors];
}

function errorLines(errors: unknown): string[] {
  return errorRows(errors).map((row) => {
    const { source, destination, said } = failureOf(row);
    const place = [source, destination].filter((part) => part !== undefined).join(' → ');
    return place === '' ? said : `${place}: ${said}`;
  });
}

interface Failure {
  readonly source?: string;
  readonly destination?: string;
  readonly said: string;
}

function failureOf(row: unknown): Failure {
  if (typeof row === 'string') return { said: row };
  const { destination, source, exception } = Object(row) as Record<string, unknown>;
  return {
    ...(typeof source === 'string' ? { source } : {}),
    ...(typeof destination === 'string' ? { destination } : {}),
    said: typeof exception === 'string' ? exception : JSON.stringify(row),
  };
}
