/**
 * How far this worker's drains have come, remembered for a while beside the database and beside the forwarder: a database that
 * was set back does not know it any more, and a forwarder that was terminated has forgotten it.
 */
import type { Logger } from 'pino';
import { messageOf } from '../../domain/messageOf.js';
import type { KnownPosition } from '../../store/delivery/claim.js';
import type { Database } from '../../store/connection/database.js';
import { findBehind, recordSetBack, type RememberedPosition } from '../../store/delivery/setBack.js';
import { readServerSince } from '../../store/receivers/putAgain.js';

/** No failover takes longer to lose what was committed before. */
const REMEMBERED_MS = 15 * 60_000;
const REMEMBERED_AT_MOST = 20_000;
const LOOK_EVERY_MS = 1_000;

export interface Positions {
  note(uid: string, partition: number, position: KnownPosition): void;
  of(uid: string, partition: number): KnownPosition | undefined;
  all(): readonly RememberedPosition[];
}

export function createPositions(nowMs: () => number = () => performance.now()): Positions {
  const remembered = new Map<string, RememberedPosition & { readonly notedAtMs: number }>();

  function forget(): void {
    for (const [key, { notedAtMs }] of remembered) {
      if (remembered.size <= REMEMBERED_AT_MOST && nowMs() - notedAtMs < REMEMBERED_MS) break;
      remembered.delete(key);
    }
  }

  return {
    note(uid, partition, position) {
      const key = `${uid}/${partition}`;
      const known = furthest(remembered.get(key), position) ?? position;
      remembered.delete(key);
      remembered.set(key, { ...known, uid, partition, notedAtMs: nowMs() });
      forget();
    },
    of(uid, partition) {
      forget();
      return remembered.get(`${uid}/${partition}`);
    },
    all() {
      forget();
      return [...remembered.values()];
    },
  };
}

/** Of two that remember, what the one has seen that has seen more. */
export function furthest(a: KnownPosition | undefined, b: KnownPosition | undefined): KnownPosition | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a.fence !== b.fence) return a.fence > b.fence ? a : b;
  const further = (one: number | undefined, other: number | undefined): number | undefined =>
    one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
  return {
    fence: a.fence,
    intended: further(a.intended, b.intended),
    resendClaims: further(a.resendClaims, b.resendClaims),
  };
}

/**
 * Compares them with the database whenever another server answers, or the same one was started anew: what this worker has sent is
 * then not sent again by a drain of another, whatever became of the forwarder.
 */
export function watchForSetBack(deps: {
  readonly database: Database;
  readonly positions: Pick<Positions, 'all'>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
}): { look(): Promise<void>; close(): Promise<void> } {
  const { database, positions, log } = deps;
  let comparedWith: string | undefined;
  let looking: Promise<void> | undefined;
  let isLooking = true;

  async function look(): Promise<void> {
    if (positions.all().length === 0) return;
    const server = await readServerSince(database);
    if (server !== comparedWith) await compare();
    comparedWith = server;
  }

  async function compare(): Promise<void> {
    for (const { id, known } of await findBehind(database, positions.all())) {
      const unknown = await recordSetBack(database, id, known);
      log.error(
        { ...id, ...known, unknown },
        'the database has gone back to an earlier state: sending has stopped, and it is not known whether events sent since then were accepted',
      );
    }
  }

  /** What fails is looked at again a second later: nothing was compared yet. */
  async function lookOrSay(): Promise<void> {
    try {
      await look();
      isLooking = true;
    } catch (error) {
      // Once for each outage.
      if (isLooking)
        log.warn({ reason: messageOf(error) }, 'it could not be checked whether PostgreSQL still knows what was sent');
      isLooking = false;
    }
  }

  const timer = setInterval(() => {
    looking ??= lookOrSay().finally(() => (looking = undefined));
  }, LOOK_EVERY_MS).unref();
  return {
    look,
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}
