/** Finds a field of a resolved schema by its dotted path. */
import type { PathSegment } from '../dataprep/language/paths.js';
import type { XdmSchema } from './schema.js';

/** @returns undefined when the schema has no such field */
export function fieldAt(schema: XdmSchema, segments: readonly PathSegment[]): XdmSchema | undefined {
  return segments.reduce<XdmSchema | undefined>((node, segment) => {
    if (node === undefined) return undefined;
    if (typeof segment === 'number' || segment === '*') return node.items;
    if (node.properties !== undefined && Object.hasOwn(node.properties, segment)) return node.properties[segment];
    return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  }, schema);
}
