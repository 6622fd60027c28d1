/** One operation of JSON Patch (RFC 6902), as Flow Service and the Schema Registry take them: in lower case. */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };
