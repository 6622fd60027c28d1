/** Data Prep (`/data/foundation/conversion`): mapping sets with versions, validation, preview, the expression language. */
import { randomUUID } from 'node:crypto';
import type { Context } from '../context.js';
import { creationAnswer, mappingAnswer, mappingSetAnswer } from './answers.js';
import { MappingSetShapeError, readMappingSet, type MappingSetInput } from './dialects.js';
import { compileRow, MappingRowError, type MappingRow } from './mapping.js';
import { registerExpressionLanguage } from './language/language.js';
import { previewRecords } from './preview.js';
import { placeholderFamily, Refusal } from '../errorFamilies.js';
import { isJsonObject, type Json } from '../values/json.js';
import { shownInLists, type Reply, type SimRequest } from '../transport/request.js';
import { COLLECTIONS, type StoredMappingSet, type StoredMappingSetVersion } from '../state/stored.js';
import type { XdmSchema } from '../xdm/schema.js';
import type { Schemas } from '../schemaRegistry/schemas.js';

const MAPPING_SETS = '/data/foundation/conversion/mappingSets';
const DEFAULT_LIST_LIMIT = 10;

const badRequest = (detail: string) => new Refusal({ status: 400, title: 'BadRequestError', detail });
const notFound = (detail: string) => new Refusal({ status: 404, title: 'NotFoundError', detail });

export function registerDataPrep(context: Context, schemas: Schemas): void {
  const sets = context.state.collection<StoredMappingSet>(COLLECTIONS.mappingSets);

  function read(request: SimRequest, body: unknown = request.json()): { input: MappingSetInput; schema: XdmSchema } {
    try {
      const input = readMappingSet(body);
      const schema = schemas.current(request.scope, input.schemaId);
      if (schema === undefined) throw badRequest(`The schema ${input.schemaId} is not found`);
      return { input, schema };
    } catch (error) {
      if (error instanceof MappingSetShapeError) throw badRequest(error.message);
      throw error;
    }
  }

  function makeVersion(request: SimRequest, number: number, createdBy: Json): StoredMappingSetVersion {
    const { input, schema } = read(request);
    for (const row of input.mappings) {
      const failure = failureOf(row, schema);
      if (failure !== undefined) throw badRequest(failure);
    }
    return {
      version: number,
      schemaId: input.schemaId,
      modifiedAtMs: context.clock.now(),
      mappings: input.mappings.map((row) => ({ id: newId(), ...row })),
      extra: { contentType: input.contentType, createdBy, modifiedBy: request.caller.userId, ...input.extra },
    };
  }

  function find(request: SimRequest): StoredMappingSet {
    const id = request.params['id'] ?? '';
    const set = sets.get(request.scope, id);
    if (set === undefined) throw notFound(`Mapping set ${id} not found`);
    return set;
  }

  /** The version asked for; version 0 is answered when none is, as the specification says. */
  function versionOf(request: SimRequest, set: StoredMappingSet): StoredMappingSetVersion {
    const number = Number(request.query.get('version') ?? 0);
    const version = set.versions[number];
    if (version === undefined) throw notFound(`Mapping set ${set.id} has no version ${request.query.get('version')}`);
    return version;
  }

  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.mappingSets.validate',
    method: 'POST',
    path: `${MAPPING_SETS}/validate`,
    handle(request) {
      const { input, schema } = read(request);
      return { status: 200, json: { validationResponse: input.mappings.map((row) => validationEntry(row, schema)) } };
    },
  });

  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.mappingSets.preview',
    method: 'POST',
    path: `${MAPPING_SETS}/preview`,
    journalsBodies: false,
    handle(request) {
      const body = request.json();
      if (!isJsonObject(body) || !Array.isArray(body['data'])) throw badRequest('data must be an array of records');
      const { input, schema } = read(request, body['mappingSet']);
      const { current } = context.policy;
      const milder = { missingAttributeInMapping: 'null', iifEvaluation: 'lazy' } as const;
      const policy = { ...current, ...(current.previewIsMilder ? milder : {}), nowMs: context.clock.now() };
      try {
        return { status: 200, json: previewRecords(input.mappings, schema, body['data'], policy) };
      } catch (error) {
        if (error instanceof MappingRowError) throw badRequest(error.message);
        throw error;
      }
    },
  });

  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.mappingSets.create',
    method: 'POST',
    path: MAPPING_SETS,
    handle(request) {
      const version = makeVersion(request, 0, request.caller.userId);
      const name = nameIn(request);
      const set = {
        id: newId(),
        ...(name === undefined ? {} : { name }),
        createdAtMs: version.modifiedAtMs,
        versions: [version],
      };
      sets.put(request.scope, set.id, set);
      return { status: 200, json: creationAnswer(set, version) };
    },
  });

  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.mappingSets.list',
    method: 'GET',
    path: MAPPING_SETS,
    handle(request) {
      const lag = { nowMs: context.clock.now(), hidesYoungerThanMs: request.hidesYoungerThanMs };
      const shown = shownInLists(sets.list(request.scope), (set) => set.createdAtMs, lag);
      return listAnswer(shown, request.query);
    },
  });

  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.mappingSets.get',
    method: 'GET',
    path: `${MAPPING_SETS}/:id`,
    handle(request) {
      const set = find(request);
      const version = versionOf(request, set);
      const expanded =
        request.query.get('expandSchema') === 'true' ? schemas.current(request.scope, version.schemaId) : undefined;
      return { status: 200, json: mappingSetAnswer(set, version, expanded as Json | undefined) };
    },
  });

  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.mappingSets.replace',
    method: 'PUT',
    path: `${MAPPING_SETS}/:id`,
    handle(request) {
      const set = find(request);
      const version = makeVersion(request, set.versions.length, set.versions[0]?.extra?.['createdBy'] ?? '');
      const name = nameIn(request) ?? set.name;
      const changed = { ...set, ...(name === undefined ? {} : { name }), versions: [...set.versions, version] };
      sets.put(request.scope, set.id, changed);
      return { status: 200, json: mappingSetAnswer(changed, version) };
    },
  });

  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.mappingSets.delete',
    method: 'DELETE',
    path: `${MAPPING_SETS}/:id`,
    handle(request) {
      const answered = context.policy.current.mappingSetDelete;
      if (answered === '405') {
        throw new Refusal({ status: 405, title: 'MethodNotAllowedError', detail: 'Method DELETE is not allowed' });
      }
      if (answered === '404') throw notFound(`Mapping set ${request.params['id'] ?? ''} not found`);
      sets.delete(request.scope, find(request).id);
      return { status: 204 };
    },
  });

  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.mappings.list',
    method: 'GET',
    path: `${MAPPING_SETS}/:id/mappings`,
    handle(request) {
      const set = find(request);
      const version = versionOf(request, set);
      const data = version.mappings.map((mapping) => mappingAnswer(set, version, mapping));
      return { status: 200, json: { data, _page: { count: data.length, limit: data.length }, _links: {} } };
    },
  });

  context.route({
    access: 'platform',
    family: placeholderFamily,
    name: 'dataprep.mappings.get',
    method: 'GET',
    path: `${MAPPING_SETS}/:id/mappings/:mappingId`,
    handle(request) {
      const set = find(request);
      const version = set.versions.find(({ mappings }) =>
        mappings.some(({ id }) => id === request.params['mappingId']),
      );
      const mapping = version?.mappings.find(({ id }) => id === request.params['mappingId']);
      if (version === undefined || mapping === undefined) throw notFound('The mapping is not found');
      return { status: 200, json: mappingAnswer(set, version, mapping) };
    },
  });

  registerExpressionLanguage(context);
}

function newId(): string {
  return randomUUID().replaceAll('-', '');
}

function nameIn(request: SimRequest): string | undefined {
  const body = request.json();
  return isJsonObject(body) && typeof body['name'] === 'string' ? body['name'] : undefined;
}

/** Why a row cannot work, or undefined. */
function failureOf(row: MappingRow, schema: XdmSchema): string | undefined {
  try {
    compileRow(row, schema);
    return undefined;
  } catch (error) {
    if (error instanceof MappingRowError) return error.message;
    throw error;
  }
}

function validationEntry(row: MappingRow, schema: XdmSchema): Json {
  const exception = failureOf(row, schema);
  if (exception === undefined) return { status: 'SUCCESS', errors: null };
  const { destination, source, sourceType } = row;
  return { status: 'FAILED', errors: [{ destination, exception, source, columnName: null, sourceType }] };
}

function listAnswer(sets: readonly StoredMappingSet[], query: URLSearchParams): Reply {
  const limit = Number(query.get('limit') ?? DEFAULT_LIST_LIMIT);
  const start = Number(query.get('start') ?? 0);
  if (!Number.isInteger(limit) || limit < 1 || !Number.isInteger(start) || start < 0) {
    throw badRequest('limit and start must be whole numbers');
  }
  const wanted = new Map(query.getAll('property').map((filter) => filter.split('==', 2) as [string, string]));
  const name = query.get('name') ?? wanted.get('name');
  const schemaId = wanted.get('xdmSchema');
  const matching = sets.filter(
    (set) =>
      (name === undefined || set.name === name) &&
      (schemaId === undefined || set.versions.at(-1)?.schemaId === schemaId),
  );
  const descending = /^(?:desc:|-)/.test(query.get('orderBy') ?? '');
  const page = (descending ? [...matching].reverse() : matching).slice(start, start + limit);
  const data = page.map((set) => mappingSetAnswer(set, set.versions.at(-1) as StoredMappingSetVersion));
  const isLast = start + limit >= matching.length;
  const next = `/mappingSets?limit=${limit}&start=${start + limit}`;
  return {
    status: 200,
    json: { data, _page: { count: data.length, limit }, _links: isLast ? {} : { next: { href: next } } },
  };
}
