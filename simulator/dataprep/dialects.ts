/**
 * The bodies in which mapping sets arrive, and the one form in which they are answered ("Mapping set" pages of Data Prep).
 *
 * A: `sourceAttribute` and `destinationXdmPath`; A': the same under `xdmSchema`; B: `sourceType`, `source`, `destination`.
 */
import { isJsonObject, type JsonObject } from '../values/json.js';
import { parsePath } from './language/paths.js';
import type { MappingRow } from './mapping.js';

export interface MappingSetInput {
  readonly name?: string;
  readonly schemaId: string;
  readonly contentType: string;
  readonly mappings: readonly MappingRow[];
  /** Descriptive fields, given back as they came. */
  readonly extra: JsonObject;
}

/** The body is no mapping set. */
export class MappingSetShapeError extends Error {}

const DEFAULT_CONTENT_TYPE = 'application/vnd.adobe.xed-full+json;version=1';

/** Under which each source type is stored and answered; what STATIC becomes is not documented. */
export const STORED_SOURCE_TYPES = {
  ATTRIBUTE: 'text/x.schema-path',
  EXPRESSION: 'text/x.aep-xl',
  STATIC: 'STATIC',
} as const;

const SOURCE_TYPES: Readonly<Record<string, MappingRow['sourceType']>> = {
  ATTRIBUTE: 'ATTRIBUTE',
  EXPRESSION: 'EXPRESSION',
  STATIC: 'STATIC',
  'text/x.schema-path': 'ATTRIBUTE',
  'text/x.aep-xl': 'EXPRESSION',
};

/** @throws MappingSetShapeError naming the field */
export function readMappingSet(body: unknown): MappingSetInput {
  if (!isJsonObject(body)) throw new MappingSetShapeError('The request body must be an object');
  const { mappings } = body;
  if (!Array.isArray(mappings)) throw new MappingSetShapeError('mappings must be an array');
  const reference = isJsonObject(body['outputSchema']) ? body['outputSchema']['schemaRef'] : undefined;
  const schemaRef = isJsonObject(reference) ? reference : undefined;
  const schemaId = schemaRef?.['id'] ?? body['xdmSchema'];
  if (typeof schemaId !== 'string' || schemaId === '') {
    throw new MappingSetShapeError('outputSchema.schemaRef.id (or xdmSchema) is required');
  }
  const contentType = schemaRef?.['contentType'];
  if (schemaRef !== undefined && typeof contentType !== 'string') {
    throw new MappingSetShapeError('outputSchema.schemaRef.contentType is required');
  }
  return {
    ...(typeof body['name'] === 'string' ? { name: body['name'] } : {}),
    schemaId,
    contentType: typeof contentType === 'string' ? contentType : DEFAULT_CONTENT_TYPE,
    mappings: mappings.map(readRow),
    extra: typeof body['description'] === 'string' ? { description: body['description'] } : {},
  };
}

function readRow(row: unknown, index: number): MappingRow {
  if (!isJsonObject(row)) throw new MappingSetShapeError(`mappings[${index}] must be an object`);
  const source = row['source'] ?? row['sourceAttribute'];
  const destination = row['destination'] ?? row['destinationXdmPath'];
  if (typeof source !== 'string' || source === '') {
    throw new MappingSetShapeError(`mappings[${index}].source (or sourceAttribute) is required`);
  }
  if (typeof destination !== 'string' || destination === '') {
    throw new MappingSetShapeError(`mappings[${index}].destination (or destinationXdmPath) is required`);
  }
  return { sourceType: sourceTypeOf(row['sourceType'], source, index), source, destination };
}

function sourceTypeOf(given: unknown, source: string, index: number): MappingRow['sourceType'] {
  // The older dialects name no type: a path is a path, everything else an expression.
  if (given === undefined) return parsePath(source) === undefined ? 'EXPRESSION' : 'ATTRIBUTE';
  const known = typeof given === 'string' ? SOURCE_TYPES[given] : undefined;
  if (known === undefined) {
    throw new MappingSetShapeError(`mappings[${index}].sourceType must be ATTRIBUTE, EXPRESSION or STATIC`);
  }
  return known;
}
