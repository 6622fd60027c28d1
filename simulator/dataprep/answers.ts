/** How Data Prep shows a stored mapping set: the keys of both generations side by side. */
import type { Json, JsonObject } from '../values/json.js';
import type { StoredMappingSet, StoredMappingSetVersion } from '../state/stored.js';
import { STORED_SOURCE_TYPES } from './dialects.js';

type StoredMapping = StoredMappingSetVersion['mappings'][number];

/** POST answers exact milliseconds, GET rounds to the second: both are in the documented samples. */
function toSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

export function creationAnswer(set: StoredMappingSet, version: StoredMappingSetVersion): JsonObject {
  return { id: set.id, version: version.version, ...authorship(set, version, (ms) => ms) };
}

export function mappingAnswer(
  set: StoredMappingSet,
  version: StoredMappingSetVersion,
  mapping: StoredMapping,
): JsonObject {
  return {
    id: mapping.id,
    version: 0,
    ...authorship(set, version, toSecond),
    sourceType: STORED_SOURCE_TYPES[mapping.sourceType],
    source: mapping.source,
    destination: mapping.destination,
    sourceAttribute: mapping.source,
    destinationXdmPath: mapping.destination,
    identity: false,
    primaryIdentity: false,
    matchScore: 0,
    functionVersion: 1,
  };
}

/** @param jsonSchema of the output, shown when the caller asks for it to be expanded */
export function mappingSetAnswer(
  set: StoredMappingSet,
  version: StoredMappingSetVersion,
  jsonSchema: Json = {},
): JsonObject {
  const { contentType = '', createdBy: _, modifiedBy: __, ...described } = version.extra ?? {};
  return {
    id: set.id,
    version: version.version,
    ...(set.name === undefined ? {} : { name: set.name }),
    ...described,
    ...authorship(set, version, toSecond),
    supportVersion: '1.1',
    outputSchema: {
      id: set.id,
      version: 0,
      jsonSchema,
      schemaRef: { id: version.schemaId, contentType },
    },
    mappings: version.mappings.map((mapping) => mappingAnswer(set, version, mapping)),
    status: 'PUBLISHED',
    xdmVersion: '1.0',
    strictMapping: false,
    schemaRef: { id: version.schemaId, contentType: '1.0' },
    xdmSchema: version.schemaId,
  };
}

function authorship(
  set: StoredMappingSet,
  version: StoredMappingSetVersion,
  round: (ms: number) => number,
): JsonObject {
  return {
    createdDate: round(set.createdAtMs),
    modifiedDate: round(version.modifiedAtMs),
    createdBy: version.extra?.['createdBy'] ?? '',
    modifiedBy: version.extra?.['modifiedBy'] ?? '',
  };
}
