/**
 * The route table of a running receiver: from PostgreSQL, refreshed when it changes, and from a file while PostgreSQL is away.
 *
 * A route that was known and is gone from the database without a trace was not retired: the database is being restored, or is
 * an older copy. Its webhooks are real, so it is kept, and answered with 503, until the database knows it again or says that
 * it is retired. Of such a database nothing can be concluded about a URL that it does not know: nobody else has it, either.
 */
import pLimit from 'p-limit';
import type { Logger } from 'pino';
import { messageOf } from '../domain/messageOf.js';
import type { Database } from '../store/connection/database.js';
import { listen, ROUTES_CHANNEL } from '../store/connection/listen.js';
import { loadRouteTable, retiredSecrets } from '../store/sources/routeTable.js';
import { indexRoutes, type RouteTable } from './http/routeCheck.js';
import { type KnownRoute, openRouteCache } from './routeCache.js';

/** A route made or retired is noticed at once by LISTEN; this is for a connection that died unnoticed. */
const POLL_MS = 30_000;
/** Older, a table is not believed about what it does not have. */
const CURRENT_FOR_MS = 3 * POLL_MS;

export interface LiveRoutes {
  /** Undefined while no table could be read, neither from PostgreSQL nor from the file. */
  current(): RouteTable | undefined;
  /** Whether the table was read from PostgreSQL lately. */
  isCurrent(): boolean;
  /**
   * Whether a secret that is not in the table has no route for certain. While PostgreSQL is away there may be newer ones; in a
   * database that is not whole, or older than what is known here, only those that it remembers as retired.
   */
  isNone(secretSha256: string): boolean;
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
  let wasWhole = true;
  /** Undefined: all that are not in the table. */
  let nones: ReadonlySet<string> | undefined;
  const inTurn = pLimit(1);

  async function refresh(): Promise<void> {
    try {
      const startedAtMs = performance.now();
      // Before the database is read: what another receiver has heard of since has not vanished.
      const knownBefore = knownHere();
      const { routes, isWhole } = await loadRouteTable(database);
      const vanished = await vanishedOf(knownBefore, new Set(routes.map(({ secretSha256 }) => secretSha256)));
      nones = isWhole && vanished.length === 0 ? undefined : await retiredSecrets(database);
      known = [...routes, ...vanished];
      table = indexRoutes(known);
      currentUntilMs = startedAtMs + CURRENT_FOR_MS;
      sayVanished(vanished.length);
      sayWhole(isWhole);
    } catch (error) {
      currentUntilMs = Number.NEGATIVE_INFINITY;
      log.warn({ reason: messageOf(error) }, 'the webhook routes could not be refreshed');
      return;
    }
    try {
      cache.write(known);
    } catch (error) {
      // The table is no worse for it: it is the next start, without PostgreSQL, that would have an older one.
      log.warn({ reason: messageOf(error) }, 'the webhook routes could not be saved to a file');
    }
  }

  async function vanishedOf(before: readonly KnownRoute[], loaded: ReadonlySet<string>): Promise<KnownRoute[]> {
    const nowMs = Date.now();
    const missing = before.filter(
      ({ secretSha256, expiresAtMs }) => !loaded.has(secretSha256) && (expiresAtMs ?? Number.POSITIVE_INFINITY) > nowMs,
    );
    if (missing.length === 0) return [];
    const retired = await retiredSecrets(
      database,
      missing.map(({ secretSha256 }) => secretSha256),
    );
    return missing
      .filter(({ secretSha256 }) => !retired.has(secretSha256))
      .map((route) => ({ ...route, hasVanished: true }));
  }

  /** Also by the other receivers of this home, which may have heard of a route before it vanished. */
  function knownHere(): readonly KnownRoute[] {
    return [
      ...new Map([...(cache.read() ?? []), ...(known ?? [])].map((route) => [route.secretSha256, route])).values(),
    ];
  }

  function sayVanished(routes: number): void {
    if (routes > 0 && routes !== vanishedBefore) {
      log.error(
        { routes },
        'webhook routes have disappeared from the database; was it restored to an earlier state? Their webhooks are answered with 503',
      );
    }
    vanishedBefore = routes;
  }

  function sayWhole(isWhole: boolean): void {
    if (!isWhole && wasWhole) {
      log.warn('the database has no webhook routes, or not all of them yet: URLs that are not known get 503');
    }
    wasWhole = isWhole;
  }

  /** One after the other: an older answer must not replace a newer one. */
  function refreshNext(): void {
    void inTurn(refresh);
  }

  const isCurrent = (): boolean => performance.now() < currentUntilMs;
  await refresh();
  if (!isCurrent() && known !== undefined) {
    log.info({ routes: known.length }, 'webhook routes were read from the cache file');
  }
  const listener = listen(database, ROUTES_CHANNEL, refreshNext, log);
  const poll = setInterval(refreshNext, POLL_MS).unref();
  return {
    current: (): RouteTable | undefined => table,
    isCurrent,
    isNone: (secretSha256) => isCurrent() && (nones?.has(secretSha256) ?? true),
    haveVanished: () => known !== undefined && known.length > 0 && known.every(({ hasVanished }) => hasVanished),
    async close() {
      clearInterval(poll);
      await listener.close();
      await inTurn(() => undefined);
    },
  };
}
