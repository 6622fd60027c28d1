/** What the Schema Registry stores and answers. */
import * as z from 'zod';
import { milliseconds, optional, text, texts } from '../http/tolerant.js';

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
  /** Milliseconds since the epoch, by Adobe's clock. */
  readonly createdAt?: number;
  readonly modifiedAt?: number;
  /** The whole object as Adobe gave it. */
  readonly body: Readonly<Record<string, unknown>>;
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

export const resourceSchema = z
  .looseObject({
    $id: z.string(),
    'meta:altId': text,
    title: text,
    description: text,
    'meta:intendedToExtend': texts,
    'meta:extends': texts,
    allOf: optional(z.array(z.looseObject({ $ref: text }))),
    'meta:registryMetadata': optional(
      z.looseObject({ 'repo:createdDate': milliseconds, 'repo:lastModifiedDate': milliseconds }),
    ),
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
      modifiedAt: body['meta:registryMetadata']?.['repo:lastModifiedDate'],
      body,
    };
  });

export const pageSchema = z.looseObject({
  results: z.array(resourceSchema),
  _page: optional(z.looseObject({ next: optional(z.union([z.string(), z.number()])) })),
});

export const descriptorSchema = z
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
export const descriptorListSchema = z.record(z.string(), z.unknown()).transform((body): IdentityDescriptor[] =>
  Object.values(body)
    .filter(Array.isArray)
    .flat()
    .flatMap((row) => {
      const parsed = descriptorSchema.safeParse(row);
      return parsed.success ? [parsed.data] : [];
    }),
);

export const statsSchema = z.looseObject({ tenantId: z.string().min(1) });

/** `https://ns.adobe.com/acme/schemas/4f…` → `_acme.schemas.4f…`. */
function altIdOf(id: string): string {
  return `_${id.replace(/^https?:\/\/ns\.adobe\.com\//, '').replaceAll('/', '.')}`;
}
