/** One operation of JSON Patch (RFC 6902), as Flow Service and the Schema Registry take them: in lower case. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** A JSON Pointer (RFC 6901). */
export function pointer(place: readonly string[]): string {
  return place.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
