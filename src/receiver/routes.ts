/** The route table of a running receiver: from PostgreSQL, refreshed when it changes, and from a file while PostgreSQL is away. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import { KINDS } from '../domain/kinds.js';
import type { Database } from '../store/database.js';
import { listen, ROUTES_CHANNEL } from '../store/listen.js';
import { loadRouteTable, type Route } from '../store/routes.js';
import { indexRoutes, type RouteTable } from './routeCheck.js';

/** A route made or retired is noticed at once by LISTEN; this is for a connection that died unnoticed. */
const POLL_MS = 30_000;

export interface LiveRoutes {
  /** Undefined while no table could be read, neither from PostgreSQL nor from the file. */
  current(): RouteTable | undefined;
  close(): Promise<void>;
}

interface LiveRoutesOptions {
  readonly database: Database;
  /** Holds hashes of secrets only; mode 0600. */
  readonly cacheFile: string;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

export async function watchRoutes({ database, cacheFile, log }: LiveRoutesOptions): Promise<LiveRoutes> {
  let table: RouteTable | undefined;
  let refreshing = Promise.resolve();

  async function refresh(): Promise<void> {
    try {
      const routes = await loadRouteTable(database);
      table = indexRoutes(routes);
      await writeCache(cacheFile, routes);
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'the webhook routes could not be refreshed');
    }
  }

  /** One after the other: an older answer must not replace a newer one. */
  function refreshNext(): void {
    refreshing = refreshing.then(refresh);
  }

  await refresh();
  if (table === undefined) {
    const cached = await readCache(cacheFile);
    if (cached !== undefined) {
      table = indexRoutes(cached);
      log.info({ routes: cached.length }, 'webhook routes taken from the cache file');
    }
  }
  const listener = listen(database, ROUTES_CHANNEL, refreshNext, log);
  const poll = setInterval(refreshNext, POLL_MS).unref();
  return {
    current: () => table,
    async close() {
      clearInterval(poll);
      await listener.close();
      await refreshing;
    },
  };
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
    }),
  ),
});

async function writeCache(file: string, routes: readonly Route[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, JSON.stringify({ v: 1, routes }), { mode: 0o600, flush: true });
  await rename(`${file}.part`, file);
}

/** A file that is missing or damaged is no table. */
async function readCache(file: string): Promise<readonly Route[] | undefined> {
  try {
    return cacheSchema.parse(JSON.parse(await readFile(file, 'utf8'))).routes;
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
