/** The resolved schemas of all sandboxes, resolved once per change of the registry. */
import type { Context } from '../context.js';
import { registryResource, resolvedDocument, visibleSchema } from './lookup.js';
import type { Scope } from '../state/state.js';
import { COLLECTIONS, type StoredRegistryResource } from '../state/stored.js';
import { UnresolvedReferenceError } from '../xdm/resolve.js';
import type { XdmSchema } from '../xdm/schema.js';

export interface Schemas {
  /** What Data Prep sees: undefined for a schema that does not exist (or is too young to be seen), or does not resolve. */
  current(scope: Scope, schemaId: string): XdmSchema | undefined;
  /** What streaming validation sees: its copy may be as old as the policy `schemaCacheMs`. */
  asValidated(scope: Scope, schemaId: string): XdmSchema | undefined;
}

interface Resolved {
  readonly schema: XdmSchema;
  readonly readAtMs: number;
  readonly epoch: number;
}

export function createSchemas(context: Context): Schemas {
  const resolved = new Map<string, Resolved>();
  let epoch = 0;
  context.state.collection<StoredRegistryResource>(COLLECTIONS.registry).watch(() => {
    epoch += 1;
  });

  function read(scope: Scope, schemaId: string, maxAgeMs: number): XdmSchema | undefined {
    const key = `${scope.orgId}\n${scope.sandboxName}\n${schemaId}`;
    const known = resolved.get(key);
    const readAtMs = context.clock.now();
    if (known !== undefined && (known.epoch === epoch || known.readAtMs + maxAgeMs > readAtMs)) return known.schema;
    const schema = resolve(scope, schemaId);
    if (schema === undefined) resolved.delete(key);
    else resolved.set(key, { schema, readAtMs, epoch });
    return schema;
  }

  function resolve(scope: Scope, schemaId: string): XdmSchema | undefined {
    const document = registryResource(context, scope, schemaId)?.document;
    if (document === undefined) return undefined;
    try {
      return resolvedDocument(context, scope, document);
    } catch (error) {
      if (error instanceof UnresolvedReferenceError) return undefined;
      throw error;
    }
  }

  return {
    current: (scope, schemaId) =>
      visibleSchema(context, scope, schemaId) === undefined ? undefined : read(scope, schemaId, 0),
    asValidated: (scope, schemaId) => read(scope, schemaId, context.policy.current.schemaCacheMs),
  };
}
