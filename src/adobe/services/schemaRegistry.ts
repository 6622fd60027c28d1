/** Schema Registry: field groups, schemas, descriptors of the tenant container. */
import * as z from 'zod';
import { absentWhenGone, deletedUnlessGone } from '../http/gone.js';
import type { AdobeHttp } from '../http/http.js';
import type { PatchOperation } from './patch.js';
import {
  type IdentityDescriptor,
  type NewIdentityDescriptor,
  type XdmResource,
  descriptorListSchema,
  descriptorSchema,
  pageSchema,
  resourceSchema,
  statsSchema,
} from './schemaRegistryShapes.js';

export type { IdentityDescriptor, XdmResource } from './schemaRegistryShapes.js';

const BASE = '/data/foundation/schemaregistry';
const SERVICE = 'Schema Registry';

/** On lists a version parameter is refused (XDM-1006-400); on lookups it is required (XDM-1007-400). */
const ACCEPT_LIST = 'application/vnd.adobe.xed+json';
const ACCEPT_LOOKUP = 'application/vnd.adobe.xed+json; version=1';
const ACCEPT_LOOKUP_RESOLVED = 'application/vnd.adobe.xed-full+json; version=1';
const ACCEPT_DESCRIPTORS = 'application/vnd.adobe.xdm+json';

/** Both exact. */
export interface XdmFilter {
  readonly title?: string;
  readonly description?: string;
}

export type SchemaRegistry = ReturnType<typeof createSchemaRegistry>;

/**
 * Resources are named by `$id`, and read and deleted by `meta:altId` ("Schema Registry API guide"). What is gone is undefined.
 *
 * @throws AdobeCallError; of kind `refused` with code XDM-1521 where a title is taken
 * @example
 * const [schema] = await adobe.schemaRegistry.listSchemas({ title: 'Chatlio chat event' });
 * const descriptors = schema === undefined ? [] : await adobe.schemaRegistry.listDescriptors(schema.id);
 * log.info({ identities: descriptors.length });
 */
export function createSchemaRegistry(http: AdobeHttp) {
  type Collection = 'fieldgroups' | 'schemas';

  async function list(collection: Collection, filter: XdmFilter): Promise<XdmResource[]> {
    const found: XdmResource[] = [];
    const properties = (['title', 'description'] as const).flatMap((name) =>
      filter[name] === undefined ? [] : [['property', `${name}==${filter[name]}`] as const],
    );
    let start: string | undefined;
    for (;;) {
      const page = await http.request(
        {
          service: SERVICE,
          method: 'GET',
          path: `${BASE}/tenant/${collection}`,
          query: [['orderby', 'title'], ...properties, ...(start === undefined ? [] : ([['start', start]] as const))],
          headers: { accept: ACCEPT_LIST },
        },
        pageSchema,
      );
      found.push(...page.results);
      const next = page['_page']?.next;
      // A page that does not lead further than the last one is the end, whatever it says.
      if (next === undefined || String(next) === start || page.results.length === 0) break;
      start = String(next);
    }
    return found.filter((resource) => matches(resource, filter));
  }

  const get = (collection: Collection, id: string, accept: string): Promise<XdmResource | undefined> =>
    absentWhenGone(
      http.request(
        {
          service: SERVICE,
          method: 'GET',
          path: `${BASE}/tenant/${collection}/${encodeURIComponent(id)}`,
          headers: { accept },
        },
        resourceSchema,
      ),
    );

  const create = (collection: Collection, body: object): Promise<XdmResource> =>
    http.request({ service: SERVICE, method: 'POST', path: `${BASE}/tenant/${collection}`, body }, resourceSchema);

  const patch = (collection: Collection, id: string, operations: readonly PatchOperation[]): Promise<XdmResource> =>
    http.request(
      {
        service: SERVICE,
        method: 'PATCH',
        path: `${BASE}/tenant/${collection}/${encodeURIComponent(id)}`,
        body: operations,
      },
      resourceSchema,
    );

  const remove = (collection: Collection | 'descriptors', id: string): Promise<boolean> =>
    deletedUnlessGone(
      http.request(
        { service: SERVICE, method: 'DELETE', path: `${BASE}/tenant/${collection}/${encodeURIComponent(id)}` },
        z.unknown(),
      ),
    );

  return {
    /** `tenantId` without the underscore that the tenant's node in a schema begins with. */
    stats: (): Promise<{ tenantId: string }> =>
      http.request({ service: SERVICE, method: 'GET', path: `${BASE}/stats` }, statsSchema),

    /** All pages, with descriptions. A title is compared exactly. */
    listFieldGroups: (filter: XdmFilter = {}) => list('fieldgroups', filter),
    listSchemas: (filter: XdmFilter = {}) => list('schemas', filter),

    /** By `$id` or `meta:altId`; undefined when there is none. */
    getFieldGroup: (id: string) => get('fieldgroups', id, ACCEPT_LOOKUP),
    /** `full`: references resolved, so that every field stands in `properties`. */
    getSchema: (id: string, options: { readonly full?: boolean } = {}) =>
      get('schemas', id, options.full === true ? ACCEPT_LOOKUP_RESOLVED : ACCEPT_LOOKUP),

    /** Fails with XDM-1521-400 when the title is taken by any resource of the sandbox: see `titleHolder`. */
    createFieldGroup: (body: object) => create('fieldgroups', body),
    createSchema: (body: object) => create('schemas', body),

    /**
     * Once a dataset uses it, only additions are accepted ("Schema Registry API guide", evolution). No If-Match is documented.
     *
     * @param id `meta:altId`
     * @param operations of JSON Patch (RFC 6902)
     */
    patchFieldGroup: (id: string, operations: readonly PatchOperation[]) => patch('fieldgroups', id, operations),
    /** As `patchFieldGroup`. */
    patchSchema: (id: string, operations: readonly PatchOperation[]) => patch('schemas', id, operations),

    /** Whether there was one to delete. */
    deleteFieldGroup: (id: string) => remove('fieldgroups', id),
    deleteSchema: (id: string) => remove('schemas', id),

    /** Of one schema, by its `$id`; descriptors of every type. */
    listDescriptors: async (schemaId: string): Promise<IdentityDescriptor[]> => {
      const all = await http.request(
        {
          service: SERVICE,
          method: 'GET',
          path: `${BASE}/tenant/descriptors`,
          headers: { accept: ACCEPT_DESCRIPTORS },
        },
        descriptorListSchema,
      );
      return all.filter((descriptor) => descriptor.sourceSchema === schemaId);
    },

    /** By its `@id`; undefined when there is none. */
    getDescriptor: (id: string): Promise<IdentityDescriptor | undefined> =>
      absentWhenGone(
        http.request(
          { service: SERVICE, method: 'GET', path: `${BASE}/tenant/descriptors/${encodeURIComponent(id)}` },
          descriptorSchema,
        ),
      ),

    createDescriptor: (descriptor: NewIdentityDescriptor): Promise<IdentityDescriptor> =>
      http.request(
        {
          service: SERVICE,
          method: 'POST',
          path: `${BASE}/tenant/descriptors`,
          body: {
            '@type': 'xdm:descriptorIdentity',
            'xdm:sourceSchema': descriptor.sourceSchema,
            'xdm:sourceVersion': 1,
            'xdm:sourceProperty': descriptor.sourceProperty,
            'xdm:namespace': descriptor.namespace,
            'xdm:property': 'xdm:code',
            'xdm:isPrimary': descriptor.isPrimary,
          },
        },
        descriptorSchema,
      ),

    deleteDescriptor: (id: string) => remove('descriptors', id),
  };
}

/** The server's filter is asked again here: an unknown filter is ignored by some services, and lists are never trusted. */
function matches(resource: XdmResource, { title, description }: XdmFilter): boolean {
  return (
    (title === undefined || resource.title === title) &&
    (description === undefined || resource.description === description)
  );
}
