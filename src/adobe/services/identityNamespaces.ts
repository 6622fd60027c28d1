/** Identity Service: the namespaces of a sandbox, Adobe's own and custom ones. */
import * as z from 'zod';
import type { AdobeHttp } from '../http/http.js';
import { optional, text } from '../http/tolerant.js';

export interface IdentityNamespace {
  readonly id?: number;
  /** What a descriptor names, for example `Email`. */
  readonly code: string;
  readonly name?: string;
  readonly status?: string;
  readonly custom: boolean;
}

const namespaceSchema = z
  .looseObject({
    id: optional(z.number()),
    code: z.string(),
    name: text,
    status: text,
    custom: optional(z.boolean()),
  })
  .transform(
    ({ id, code, name, status, custom }): IdentityNamespace => ({ id, code, name, status, custom: custom ?? false }),
  );

export type IdentityNamespaces = ReturnType<typeof createIdentityNamespaces>;

export function createIdentityNamespaces(http: AdobeHttp) {
  return {
    list: (): Promise<IdentityNamespace[]> =>
      http.request(
        { service: 'Identity Service', method: 'GET', path: '/data/core/idnamespace/identities' },
        z.array(namespaceSchema),
      ),
  };
}
