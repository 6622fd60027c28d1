/** Reads a JSON Patch body. */
import { isJsonObject } from '../values/json.js';
import type { PatchOperation } from '../values/jsonPatch.js';

/** @returns undefined when the body is not a JSON Patch of add, replace and remove */
export function readPatch(body: unknown): readonly PatchOperation[] | undefined {
  if (!Array.isArray(body)) return undefined;
  const operations: PatchOperation[] = [];
  for (const item of body as readonly unknown[]) {
    if (!isJsonObject(item) || typeof item['path'] !== 'string' || typeof item['op'] !== 'string') return undefined;
    const op = item['op'].toLowerCase();
    if (op !== 'add' && op !== 'replace' && op !== 'remove') return undefined;
    operations.push({ op, path: item['path'], value: item['value'] });
  }
  return operations;
}
