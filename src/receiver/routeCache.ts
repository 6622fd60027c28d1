/** The last route table, in a file, for a start while PostgreSQL is away. Shared by the receivers of a home folder. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { KINDS } from '../domain/events/kinds.js';
import { replaceFile } from '../process/files/wholeFile.js';
import type { Route } from '../store/sources/routeTable.js';

export interface KnownRoute extends Route {
  /** Gone from the database without having been retired. */
  readonly hasVanished?: boolean;
}

interface RouteCache {
  /** A file that is missing or damaged is no table. */
  read(): readonly KnownRoute[] | undefined;
  write(routes: readonly KnownRoute[]): void;
}

const cacheSchema = z.object({
  v: z.literal(1),
  routes: z.array(
    z.object({
      sourceId: z.number(),
      partitions: z.number(),
      widget: z.string(),
      kind: z.enum(KINDS),
      secretSha256: z.string().regex(/^[0-9a-f]{64}$/),
      expiresAtMs: z.number().optional(),
      hasVanished: z.boolean().optional(),
      keepsOriginals: z.boolean().optional(),
      storedWithout: z.array(z.string()).optional(),
    }),
  ),
});

export function openRouteCache(file: string): RouteCache {
  const readText = (): string | undefined => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
  };
  return {
    read() {
      try {
        return cacheSchema.parse(JSON.parse(readText() ?? '')).routes;
      } catch {
        return undefined;
      }
    },
    write(routes) {
      const text = JSON.stringify({ v: 1, routes });
      if (text !== readText()) replaceFile(file, text);
    },
  };
}
