/** Sandbox Management: the sandboxes that the credential may use. */
import * as z from 'zod';
import type { AdobeHttp } from '../http/http.js';
import { optional, text } from '../http/tolerant.js';

const PAGE_LIMIT = 50;

export interface Sandbox {
  /** The technical name, for example `prod`. */
  readonly name: string;
  readonly title?: string;
  /** `active`, `creating`, `failed`, `deleted`. */
  readonly state?: string;
  readonly type?: string;
  readonly isDefault: boolean;
}

const pageSchema = z.looseObject({
  sandboxes: z.array(
    z
      .looseObject({
        name: z.string(),
        title: text,
        state: text,
        type: text,
        isDefault: optional(z.boolean()),
      })
      .transform(
        ({ name, title, state, type, isDefault }): Sandbox => ({
          name,
          title,
          state,
          type,
          isDefault: isDefault ?? false,
        }),
      ),
  ),
});

export type Sandboxes = ReturnType<typeof createSandboxes>;

export function createSandboxes(http: AdobeHttp) {
  return {
    /** All pages. The one call without `x-sandbox-name`: it is asked to find out which names there are. */
    list: async (): Promise<Sandbox[]> => {
      const found: Sandbox[] = [];
      for (let offset = 0; ; offset += PAGE_LIMIT) {
        const { sandboxes } = await http.request(
          {
            service: 'Sandbox Management',
            method: 'GET',
            path: '/data/foundation/sandbox-management/',
            query: [
              ['limit', String(PAGE_LIMIT)],
              ['offset', String(offset)],
            ],
            anySandbox: true,
          },
          pageSchema,
        );
        found.push(...sandboxes);
        if (sandboxes.length < PAGE_LIMIT) return found;
      }
    },
  };
}
