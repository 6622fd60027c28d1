/** That a receiver seals with keys that the others have: by the canaries in PostgreSQL, or by what it has last read of them. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import * as z from 'zod';
import { CodedError } from '../domain/errors.js';
import { messageOf } from '../domain/messageOf.js';
import { replaceFile } from '../process/files/wholeFile.js';
import type { Database } from '../store/connection/database.js';
import { confirmKeys, type KeyCanary, requireKeysOf } from '../store/keys/keyCheck.js';
import type { KeyRing } from '../store/keys/keyRing.js';

const ASK_AGAIN_MS = 3_000;

export interface KeyConfirmation {
  /** Rejects with `CAEP_KEY_FILE_FOREIGN` when the database, away until then, has canaries that the keys do not open. */
  readonly refused: Promise<never>;
  close(): void;
}

/** @throws CodedError `CAEP_KEY_FILE_FOREIGN` */
export async function confirmReceiverKeys(options: {
  readonly database: Database;
  readonly keyRing: KeyRing;
  /** What the database says, for a start without it. Holds no key. */
  readonly cacheFile: string;
  readonly log: Pick<Logger, 'warn'>;
}): Promise<KeyConfirmation> {
  const { database, keyRing, cacheFile, log } = options;
  const closing = new AbortController();

  async function confirm(): Promise<void> {
    const canaries = await confirmKeys(database, keyRing);
    try {
      writeCache(cacheFile, canaries);
    } catch (error) {
      // On a full disk, say: the next start without the database has an older one, or none.
      log.warn({ reason: messageOf(error) }, 'the list of keys in the database could not be saved');
    }
  }

  async function confirmLater(): Promise<never> {
    for (;;) {
      await delay(ASK_AGAIN_MS, undefined, { signal: closing.signal, ref: false });
      const isConfirmed = await confirm().then(() => true, orLater);
      if (isConfirmed) return never();
    }
  }

  function orLater(error: unknown): false {
    if (error instanceof CodedError) throw error;
    log.warn({ reason: messageOf(error) }, 'the keys could not be compared with those in the database');
    return false;
  }

  const isConfirmed = await confirm().then(() => true, orLater);
  if (!isConfirmed) requireKeysOf(await readCache(cacheFile), keyRing);
  const refused = isConfirmed
    ? never()
    : confirmLater().catch((error: unknown) => (isAbort(error) ? never() : Promise.reject(error)));
  refused.catch(() => undefined);
  return { refused, close: () => closing.abort() };
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
