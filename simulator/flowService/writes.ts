/** What PATCH of flows and connections have in common: `If-Match`, the patch body and its paths. */
import { isJsonObject, type JsonObject, textOf } from '../values/json.js';
import { applyPatch, PatchError, pointerSegments, type PatchOperation } from '../values/jsonPatch.js';
import { headerOf, type RawRequest } from '../transport/request.js';
import {
  bodyEmpty,
  connectionSpecFixed,
  ifMatchMissing,
  patchPathInvalid,
  patchUnsupported,
  versionStale,
} from './refusals.js';

/** An etag's value has quotes of its own; clients send it with them, without them, or as a weak one. */
function withoutQuotes(etag: string): string {
  return etag.replace(/^W\//, '').replace(/^(\\?")+|(\\?")+$/g, '');
}

/** @throws Refusal 400 or 412 */
export function checkIfMatch(request: RawRequest, etag: string, id: string, isRequired: boolean): void {
  const supplied = headerOf(request, 'if-match') ?? '';
  if (supplied === '') {
    if (isRequired) throw ifMatchMissing();
    return;
  }
  if (supplied !== '*' && withoutQuotes(supplied) !== withoutQuotes(etag)) throw versionStale(supplied, id);
}

/** @throws Refusal 400 when there is no body, or nothing in it */
export function objectBody(request: RawRequest): JsonObject {
  if (request.body.toString('utf8').trim() === '') throw bodyEmpty();
  const body = request.json();
  if (!isJsonObject(body) || Object.keys(body).length === 0) throw bodyEmpty();
  return body;
}

/** @throws Refusal 400 */
export function readOperations(request: RawRequest): readonly PatchOperation[] {
  if (request.body.toString('utf8').trim() === '') throw bodyEmpty();
  const body = request.json();
  if (!Array.isArray(body) || body.length === 0) throw bodyEmpty();
  return (body as readonly unknown[]).map((item) => {
    const { op, path, value } = isJsonObject(item) ? item : {};
    // Lower case in the pages, upper case in the OpenAPI file, capitalised in a client: the case does not matter.
    const name = textOf(op).toLowerCase();
    if (name !== 'add' && name !== 'replace' && name !== 'remove') throw patchUnsupported(textOf(op));
    if (typeof path !== 'string') throw patchPathInvalid('path');
    if (name !== 'remove' && value === undefined) throw patchPathInvalid('value');
    return { op: name, path, value };
  });
}

/**
 * @param roots first segments that may be changed
 * @throws Refusal 400
 */
export function applyOperations(
  document: JsonObject,
  operations: readonly PatchOperation[],
  roots: readonly string[],
): JsonObject {
  for (const { path } of operations) {
    if (/^\/connectionSpec(\/|$)/.test(path)) throw connectionSpecFixed();
    const root = path.startsWith('/') ? pointerSegments(path)[0] : undefined;
    if (root === undefined || !roots.includes(root)) throw patchPathInvalid(root ?? path);
  }
  try {
    return applyPatch(document, operations.map(onWhole)) as JsonObject;
  } catch (error) {
    throw error instanceof PatchError ? patchPathInvalid(error.missing ?? '') : error;
  }
}

/** A member of the object itself, such as a description, may be replaced that was never there. */
function onWhole(operation: PatchOperation): PatchOperation {
  const isMember = pointerSegments(operation.path).length === 1;
  return isMember && operation.op === 'replace' ? { ...operation, op: 'add' } : operation;
}

/** Strict mode: fields that no documentation has are taken, and reported. */
export function noteUnknownFields(request: RawRequest, body: JsonObject, known: readonly string[]): void {
  for (const name of Object.keys(body)) {
    if (!known.includes(name)) request.note(`unknown field ${name}`);
  }
}
