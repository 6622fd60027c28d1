import type { XdmResource } from '../../../adobe/services/schemaRegistry.js';

export interface TenantNode {
  /** Names down to it in the stored document. */
  readonly place: readonly string[];
  readonly value: unknown;
}

interface Definition {
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** Where the tenant's fields stand in the definitions of a field group; whoever has made it names the definition. */
export function tenantNodeIn({ body }: Pick<XdmResource, 'body'>, tenantId: string): TenantNode | undefined {
  const tenant = `_${tenantId}`;
  const definitions = (body['definitions'] ?? {}) as Readonly<Record<string, Definition>>;
  const [name, definition] = Object.entries(definitions).find(([, { properties }]) => properties?.[tenant]) ?? [];
  if (name === undefined) return undefined;
  return { place: ['definitions', name, 'properties', tenant], value: definition?.properties?.[tenant] };
}
