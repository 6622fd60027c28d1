/** Schema Registry: field groups, schemas, descriptors of the tenant container. */
import { z } from 'zod';
import { absentWhenGone, deletedUnlessGone } from './gone.js';
import type { AdobeHttp } from './http.js';
import { milliseconds, optional, text, texts } from './tolerant.js';

const BASE = '/data/foundation/schemaregistry';
const SERVICE = 'Schema Registry';

/** On lists a version parameter is refused (XDM-1006-400); on lookups it is required (XDM-1007-400). */
const ACCEPT_LIST = 'application/vnd.adobe.xed+json';
const ACCEPT_LOOKUP = 'application/vnd.adobe.xed+json; version=1';
const ACCEPT_LOOKUP_RESOLVED = 'application/vnd.adobe.xed-full+json; version=1';
const ACCEPT_DESCRIPTORS = 'application/vnd.adobe.xdm+json';

/** A field group or a schema. */
export interface XdmResource {
  /** `$id`. */
  readonly id: string;
  readonly altId: string;
  readonly title: string;
  readonly description?: string;
  /** Of a field group: the classes it extends. */
  readonly intendedToExtend: readonly string[];
  /** Of a schema: the classes, behaviours and field groups that it is made of. */
  readonly extends: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt?: number;
  /** The whole object as Adobe gave it. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Both exact. */
export interface XdmFilter {
  readonly title?: string;
  readonly description?: string;
}

export interface IdentityDescriptor {
  readonly id: string;
  readonly type: string;
  /** `$id` of the schema. */
  readonly sourceSchema: string;
  /** JSON pointer, for example `/_acmetenant/UUID`. */
  readonly sourceProperty?: string;
  readonly namespace?: string;
  readonly isPrimary: boolean;
}

export interface NewIdentityDescriptor {
  readonly sourceSchema: string;
  readonly sourceProperty: string;
  /** Code of a namespace that exists. */
  readonly namespace: string;
  readonly isPrimary: boolean;
}

const resourceSchema = z
  .looseObject({
    $id: z.string(),
    'meta:altId': text,
    title: text,
    description: text,
    'meta:intendedToExtend': texts,
    'meta:extends': texts,
    allOf: optional(z.array(z.looseObject({ $ref: text }))),
    'meta:registryMetadata': optional(z.looseObject({ 'repo:createdDate': milliseconds })),
  })
  .transform((body): XdmResource => {
    const references = (body.allOf ?? []).flatMap((part) => (part.$ref === undefined ? [] : [part.$ref]));
    return {
      id: body.$id,
      altId: body['meta:altId'] ?? altIdOf(body.$id),
      title: body.title ?? '',
      description: body.description,
      intendedToExtend: body['meta:intendedToExtend'] ?? [],
      extends: [...new Set([...(body['meta:extends'] ?? []), ...references])],
      createdAt: body['meta:registryMetadata']?.['repo:createdDate'],
      body,
    };
  });

const pageSchema = z.looseObject({
  results: z.array(resourceSchema),
  _page: optional(z.looseObject({ next: optional(z.union([z.string(), z.number()])) })),
});

const descriptorSchema = z
  .looseObject({
    '@id': z.string(),
    '@type': text,
    'xdm:sourceSchema': text,
    'xdm:sourceProperty': text,
    'xdm:namespace': optional(z.coerce.string()),
    'xdm:isPrimary': optional(z.boolean()),
  })
  .transform(
    (body): IdentityDescriptor => ({
      id: body['@id'],
      type: body['@type'] ?? '',
      sourceSchema: body['xdm:sourceSchema'] ?? '',
      sourceProperty: body['xdm:sourceProperty'],
      namespace: body['xdm:namespace'],
      isPrimary: body['xdm:isPrimary'] ?? false,
    }),
  );

/** By type (`xdm+json`), or a plain list in `results` (the paged forms). */
const descriptorListSchema = z.record(z.string(), z.unknown()).transform((body): IdentityDescriptor[] =>
  Object.values(body)
    .filter(Array.isArray)
    .flat()
    .flatMap((row) => {
      const parsed = descriptorSchema.safeParse(row);
      return parsed.success ? [parsed.data] : [];
    }),
);

/** The server's filter is asked again here: an unknown filter is ignored by some services, and lists are never trusted. */
function matches(resource: XdmResource, { title, description }: XdmFilter): boolean {
  return (
    (title === undefined || resource.title === title) &&
    (description === undefined || resource.description === description)
  );
}

const statsSchema = z.looseObject({ tenantId: z.string().min(1) });

export type SchemaRegistry = ReturnType<typeof createSchemaRegistry>;

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

/** `https://ns.adobe.com/acme/schemas/4f…` → `_acme.schemas.4f…`. */
function altIdOf(id: string): string {
  return `_${id.replace(/^https?:\/\/ns\.adobe\.com\//, '').replaceAll('/', '.')}`;
}
