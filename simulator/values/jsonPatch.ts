/** JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386) on JSON values, without changing them in place. */
import { isJsonObject, type Json } from './json.js';

export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: Json;
}

export class PatchError extends Error {
  override readonly name = 'PatchError';

  constructor(
    message: string,
    /** The segment that is not there. */
    readonly missing?: string,
  ) {
    super(message);
  }
}

export function pointerSegments(pointer: string): readonly string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new PatchError(`The path ${pointer} does not begin with a slash`, pointer);
  return pointer
    .slice(1)
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * @param makesParents for services that create what is missing on the way to the place
 * @throws PatchError
 */
export function applyPatch(target: Json, operations: readonly PatchOperation[], makesParents = false): Json {
  return operations.reduce(
    (value, operation) => applyAt(value, pointerSegments(operation.path), operation, makesParents),
    target,
  );
}

function applyAt(
  target: Json | undefined,
  [segment, ...rest]: readonly string[],
  operation: PatchOperation,
  makesParents: boolean,
): Json {
  if (segment === undefined) return operation.op === 'remove' ? null : (operation.value ?? null);
  if (Array.isArray(target)) return applyToArray(target as readonly Json[], segment, rest, operation, makesParents);
  if (!isJsonObject(target)) {
    if (target === undefined && makesParents) return applyAt({}, [segment, ...rest], operation, makesParents);
    throw new PatchError(`There is nothing at ${operation.path}`, segment);
  }
  const isThere = Object.hasOwn(target, segment) && target[segment] !== undefined;
  if (rest.length > 0) {
    if (!isThere && !makesParents)
      throw new PatchError(`There is no ${segment} on the way to ${operation.path}`, segment);
    return { ...target, [segment]: applyAt(target[segment], rest, operation, makesParents) };
  }
  if (!isThere && operation.op !== 'add' && !makesParents) {
    throw new PatchError(`There is no ${segment} to ${operation.op}`, segment);
  }
  if (operation.op === 'remove') {
    const { [segment]: _, ...kept } = target;
    return kept;
  }
  return { ...target, [segment]: operation.value ?? null };
}

function applyToArray(
  target: readonly Json[],
  segment: string,
  rest: readonly string[],
  operation: PatchOperation,
  makesParents: boolean,
): Json {
  const adds = operation.op === 'add' && rest.length === 0;
  const index = segment === '-' ? target.length : Number(segment);
  const last = adds ? target.length : target.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > last) {
    throw new PatchError(`There is no element ${segment} for ${operation.path}`, segment);
  }
  if (rest.length > 0) return target.with(index, applyAt(target[index], rest, operation, makesParents));
  switch (operation.op) {
    case 'add':
      return target.toSpliced(index, 0, operation.value ?? null);
    case 'replace':
      return target.with(index, operation.value ?? null);
    case 'remove':
      return target.toSpliced(index, 1);
    default:
      return operation.op satisfies never;
  }
}

/** An absent field stays, `null` removes, objects are merged. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const merged: Record<string, Json | undefined> = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete merged[name];
    else merged[name] = mergePatch(merged[name], value);
  }
  return merged;
}
