/**
 * What a receiver does with PostgreSQL before anything of it goes there: it upgrades the tables, and makes sure that it seals with
 * keys that the others have. Without PostgreSQL it takes events all the same, and does this as soon as it can.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import * as z from 'zod';
import { CodedError, type ErrorCode } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';
import { replaceFile } from '../process/files/wholeFile.js';
import type { Database } from '../store/connection/database.js';
import { confirmKeys, type KeyCanary, requireKeysOf } from '../store/keys/keyCheck.js';
import type { KeyRing } from '../store/keys/keyRing.js';
import { prepareDatabase } from '../store/prepare.js';

const ASK_AGAIN_MS = 3_000;
/** What waiting does not mend: a receiver must not go on, although it can do without the database for a while. */
const ENDS: ReadonlySet<ErrorCode> = new Set(['CAEP_DATABASE_NOT_DURABLE', 'CAEP_KEY_FILE_FOREIGN']);

export interface Meeting {
  /** Rejects when the database, away until then, is one that the receiver must not go on with. */
  readonly refused: Promise<never>;
  /** The keys have been compared with those in the database. */
  hasMet(): boolean;
  close(): void;
}

/** @throws CodedError `CAEP_DATABASE_NOT_DURABLE`, `CAEP_KEY_FILE_FOREIGN` */
export async function meetDatabase(options: {
  readonly database: Database;
  /** Of the role that may upgrade the tables, where that of the database may not. */
  readonly migratorUrl?: string;
  readonly keyRing: KeyRing;
  /** What the database says of the keys, for a start without it. Holds no key. */
  readonly cacheFile: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}): Promise<Meeting> {
  const { database, migratorUrl, keyRing, cacheFile, log } = options;
  const closing = new AbortController();
  let isPrepared = false;
  let saidReason: string | undefined;

  async function meet(): Promise<void> {
    if (!isPrepared) await prepareDatabase(database, log, migratorUrl);
    isPrepared = true;
    const canaries = await confirmKeys(database, keyRing);
    try {
      writeCache(cacheFile, canaries);
    } catch (error) {
      // On a full disk, say: the next start without the database has an older one, or none.
      log.warn({ reason: messageOf(error) }, 'the list of keys in the database could not be saved');
    }
  }

  async function tried(): Promise<boolean> {
    try {
      await meet();
      return true;
    } catch (error) {
      if (error instanceof CodedError && ENDS.has(error.error.code)) throw error;
      const reason = messageOf(error);
      if (reason !== saidReason) {
        log.warn({ reason }, 'the database cannot be used yet; events are kept on this disk, and this is tried again');
      }
      saidReason = reason;
      return false;
    }
  }

  async function meetLater(): Promise<never> {
    for (;;) {
      await delay(ASK_AGAIN_MS, undefined, { signal: closing.signal, ref: false });
      hasMet = await tried();
      if (hasMet) return never();
    }
  }

  let hasMet = await tried();
  if (!hasMet) requireKeysOf(await readCache(cacheFile), keyRing);
  const refused = hasMet
    ? never()
    : meetLater().catch((error: unknown) => (isAbort(error) ? never() : Promise.reject(error)));
  refused.catch(() => undefined);
  return { refused, hasMet: () => hasMet, close: () => closing.abort() };
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

const bytes = z.base64().transform((text) => Buffer.from(text, 'base64'));
const cacheSchema = z.object({
  v: z.literal(1),
  canaries: z.array(z.object({ keyId: z.string(), fingerprint: z.string(), canary: bytes, mac: bytes })),
});

function writeCache(file: string, canaries: readonly KeyCanary[]): void {
  const content = canaries.map((one) => ({
    ...one,
    canary: one.canary.toString('base64'),
    mac: one.mac.toString('base64'),
  }));
  replaceFile(file, JSON.stringify({ v: 1, canaries: content }));
}

/** A file that is missing or damaged says nothing. */
async function readCache(file: string): Promise<readonly KeyCanary[]> {
  try {
    return cacheSchema.parse(JSON.parse(await readFile(file, 'utf8'))).canaries;
  } catch {
    return [];
  }
}
