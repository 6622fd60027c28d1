/**
 * The route table of a running receiver: from PostgreSQL, refreshed when it changes, and from a file while PostgreSQL is away.
 *
 * A route that was known and is gone from the database without a trace was not retired: the database is being restored, or is
 * an older copy. Its webhooks are real, so it is kept, and answered with 503, until the database knows it again or says that
 * it is retired.
 */
import type { Logger } from 'pino';
import type { Database } from '../store/database.js';
import { listen, ROUTES_CHANNEL } from '../store/listen.js';
import { loadRouteTable, retiredAmong } from '../store/routes.js';
import { indexRoutes, type RouteTable } from './routeCheck.js';
import { type KnownRoute, openRouteCache } from './routeCache.js';

/** A route made or retired is noticed at once by LISTEN; this is for a connection that died unnoticed. */
const POLL_MS = 30_000;
/** Older, a table is not believed about what it does not have. */
const CURRENT_FOR_MS = 3 * POLL_MS;

export interface LiveRoutes {
  /** Undefined while no table could be read, neither from PostgreSQL nor from the file. */
  current(): RouteTable | undefined;
  /** Whether a URL that is not in the table is none. False while PostgreSQL is away: there may be newer ones. */
  isCurrent(): boolean;
  /** Whether there are routes, and every one of them is gone from the database without a trace. */
  haveVanished(): boolean;
  close(): Promise<void>;
}

interface LiveRoutesOptions {
  readonly database: Database;
  /** Holds hashes of secrets only; mode 0600. */
  readonly cacheFile: string;
  readonly log: Pick<Logger, 'warn' | 'info' | 'error'>;
}

export async function watchRoutes({ database, cacheFile, log }: LiveRoutesOptions): Promise<LiveRoutes> {
  const cache = openRouteCache(cacheFile);
  let known: readonly KnownRoute[] | undefined = cache.read();
  let table = known === undefined ? undefined : indexRoutes(known);
  let currentUntilMs = Number.NEGATIVE_INFINITY;
  let vanishedBefore = 0;
  let refreshing = Promise.resolve();

  async function refresh(): Promise<void> {
    try {
      const startedAtMs = performance.now();
      const loaded = await loadRouteTable(database);
      const vanished = await vanishedSince(new Set(loaded.map(({ secretSha256 }) => secretSha256)));
      known = [...loaded, ...vanished];
      table = indexRoutes(known);
      currentUntilMs = startedAtMs + CURRENT_FOR_MS;
      sayVanished(vanished.length);
    } catch (error) {
      currentUntilMs = Number.NEGATIVE_INFINITY;
      log.warn({ reason: messageOf(error) }, 'the webhook routes could not be refreshed');
      return;
    }
    try {
      cache.write(known);
    } catch (error) {
      // The table is no worse for it: it is the next start, without PostgreSQL, that would have an older one.
      log.warn({ reason: messageOf(error) }, 'the webhook routes could not be kept in a file');
    }
  }

  async function vanishedSince(loaded: ReadonlySet<string>): Promise<KnownRoute[]> {
    const nowMs = Date.now();
    const missing = (known ?? []).filter(
      ({ secretSha256, expiresAtMs }) => !loaded.has(secretSha256) && (expiresAtMs ?? Number.POSITIVE_INFINITY) > nowMs,
    );
    if (missing.length === 0) return [];
    const retired = await retiredAmong(
      database,
      missing.map(({ secretSha256 }) => secretSha256),
    );
    return missing
      .filter(({ secretSha256 }) => !retired.has(secretSha256))
      .map((route) => ({ ...route, hasVanished: true }));
  }

  function sayVanished(routes: number): void {
    if (routes > 0 && routes !== vanishedBefore) {
      log.error({ routes }, 'webhook routes have vanished from the database: was it set back? Their webhooks get 503');
    }
    vanishedBefore = routes;
  }

  /** One after the other: an older answer must not replace a newer one. */
  function refreshNext(): void {
    refreshing = refreshing.then(refresh);
  }

  const isCurrent = (): boolean => performance.now() < currentUntilMs;
  await refresh();
  if (!isCurrent() && known !== undefined) {
    log.info({ routes: known.length }, 'webhook routes taken from the cache file');
  }
  const listener = listen(database, ROUTES_CHANNEL, refreshNext, log);
  const poll = setInterval(refreshNext, POLL_MS).unref();
  return {
    current: (): RouteTable | undefined => table,
    isCurrent,
    haveVanished: () => known !== undefined && known.length > 0 && known.every(({ hasVanished }) => hasVanished),
    async close() {
      clearInterval(poll);
      await listener.close();
      await refreshing;
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
