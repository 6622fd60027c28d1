/** The dataset object: what a body must have, what Catalog adds, how a change bumps its version. */
import { hexId } from '../values/identifiers.js';
import { isJsonObject, type JsonObject, textOf } from '../values/json.js';
import type { Caller } from '../transport/request.js';
import type { StoredDataset, StoredRegistryResource } from '../state/stored.js';
import { badRequest } from './refusals.js';

/** The tag in which Query Service finds the table's name. */
const TABLE_TAG = 'adobe/pqs/table';

/** Set by Catalog, whatever a body says. */
const READ_ONLY = [
  'version',
  'imsOrg',
  'created',
  'updated',
  'createdClient',
  'createdUser',
  'updatedUser',
  'viewId',
  'files',
  'observableSchema',
  'classification',
];

const withoutReadOnly = (body: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !READ_ONLY.includes(name)));

/** @throws Refusal 400 */
export function checkDataset(
  body: JsonObject,
  findSchema: (id: string) => StoredRegistryResource | undefined,
): StoredRegistryResource {
  const { name, schemaRef, tags } = body;
  if (typeof name !== 'string' || name.trim() === '') throw badRequest('The field name is required');
  if (!isJsonObject(schemaRef) || typeof schemaRef['id'] !== 'string') {
    throw badRequest('The field schemaRef.id is required');
  }
  const { contentType } = schemaRef;
  if (
    typeof contentType !== 'string' ||
    !/^application\/vnd\.adobe\.x(ed|dm)[\w-]*\+json; *version=1/.test(contentType)
  ) {
    throw badRequest(`The field schemaRef.contentType is not valid: ${JSON.stringify(contentType)}`);
  }
  const areLists = (values: JsonObject) => Object.values(values).every((value) => Array.isArray(value));
  if (tags !== undefined && (!isJsonObject(tags) || !areLists(tags))) {
    throw badRequest('Every tag must be an array of strings');
  }
  const schema = findSchema(schemaRef['id']);
  if (schema === undefined) throw badRequest(`The schema ${schemaRef['id']} is not found`);
  return schema;
}

/** Lower case, letters, digits and underscores; unique in the sandbox. */
function tableName(name: string, taken: ReadonlySet<string>): string {
  const plain =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '_')
      .replaceAll(/^_+|_+$/g, '') || 'dataset';
  const base = /^\d/.test(plain) ? `t_${plain}` : plain;
  let table = base;
  for (let number = 2; taken.has(table); number++) table = `${base}_${number}`;
  return table;
}

export function tableOf({ document }: StoredDataset): string {
  const tags = isJsonObject(document['tags']) ? document['tags'][TABLE_TAG] : undefined;
  return Array.isArray(tags) ? String(tags[0]) : '';
}

interface Author {
  readonly caller: Caller;
  readonly nowMs: number;
}

export function makeDataset(
  body: JsonObject,
  schema: StoredRegistryResource,
  others: readonly StoredDataset[],
  { caller, nowMs }: Author,
): StoredDataset {
  const id = hexId(24);
  const viewId = hexId(24);
  const extended = schema.document['meta:extends'];
  const isEvents = Array.isArray(extended) && extended.some((one) => String(one).endsWith('/data/time-series'));
  const document: JsonObject = {
    ...withoutReadOnly(body),
    version: '1.0.0',
    imsOrg: caller.orgId,
    created: nowMs,
    updated: nowMs,
    createdClient: caller.clientId,
    createdUser: caller.userId,
    updatedUser: caller.userId,
    viewId,
    tags: {
      ...(isJsonObject(body['tags']) ? body['tags'] : {}),
      [TABLE_TAG]: [tableName(textOf(body['name']), new Set(others.map(tableOf)))],
    },
    files: `@/dataSets/${id}/views/${viewId}/files`,
    state: 'DRAFT',
    enableErrorDiagnostics: body['enableErrorDiagnostics'] === true,
    classification: { dataBehavior: isEvents ? 'time-series' : 'record', managedBy: 'CUSTOMER' },
    fileDescription: isJsonObject(body['fileDescription'])
      ? body['fileDescription']
      : { persisted: true, containerFormat: 'parquet', format: 'parquet' },
    observableSchema: { type: 'object', 'meta:xdmType': 'object' },
  };
  return { id, name: textOf(body['name']), schemaId: schema.id, createdAtMs: nowMs, updatedAtMs: nowMs, document };
}

/** @param body the whole object as it shall be; what Catalog sets stays as it was */
export function changeDataset(
  before: StoredDataset,
  body: JsonObject,
  schema: StoredRegistryResource,
  { caller, nowMs }: Author,
): StoredDataset {
  const kept = Object.fromEntries(READ_ONLY.map((name) => [name, before.document[name]]));
  const [major, minor, patch] = textOf(before.document['version']).split('.');
  const document: JsonObject = {
    ...withoutReadOnly(body),
    ...kept,
    tags: { ...(isJsonObject(body['tags']) ? body['tags'] : {}), [TABLE_TAG]: [tableOf(before)] },
    version: `${major}.${minor}.${Number(patch) + 1}`,
    updated: nowMs,
    updatedUser: caller.userId,
  };
  return { ...before, name: textOf(body['name']), schemaId: schema.id, updatedAtMs: nowMs, document };
}
