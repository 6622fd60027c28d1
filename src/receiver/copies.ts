/**
 * In which fields copies differ from the first body: looked at after they are answered, beside everything else, and bounded. What there
 * is no time or place for is left out, so this tells what differs, and at least how often.
 */
import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Kind, kindOfCode } from '../domain/events/kinds.js';
import { messageOf } from '../domain/messageOf.js';
import { differingFields } from '../projection/differingFields.js';
import { parsedOriginal } from '../projection/parsedOriginal.js';
import { noteDifferingCopy, readFirstBody } from '../store/bodies/differingCopies.js';
import { openEvent, ORIGINAL_FORM } from '../store/bodies/originals.js';
import type { Database } from '../store/connection/database.js';
import type { KeyRing } from '../store/keys/keyRing.js';
import type { EventLog } from '../store/log/eventLog.js';
import type { TakenEvent } from '../store/log/takenEvent.js';

/** Of a sealed body: it is opened at once, in a process that answers others. */
const MAX_SEALED_BYTES = 256 * 1024;
/** Of a body as it was posted: parsed at once. */
const MAX_COMPARED_BYTES = 1024 * 1024;
const MAX_WAITING = 64;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Rests so many times as long as it has worked: a tenth of the process's time. */
const RESTS = 9;

interface Copy {
  readonly sourceId: number;
  readonly kind: Kind;
  readonly eventId: Buffer;
  readonly sealed: Buffer;
}

export interface Copies {
  /** The same log, and what it takes for copies is noted. */
  observing(eventLog: EventLog): EventLog;
  /** Waits for the one that is being compared; the others are let go. */
  close(): Promise<void>;
}

export function createCopies(options: {
  readonly database: Database;
  readonly keyRing: Pick<KeyRing, 'open'>;
  readonly log: Pick<Logger, 'warn'>;
}): Copies {
  const { database, keyRing, log } = options;
  const closing = new AbortController();
  let waiting: Copy[] = [];
  let working: Promise<void> | undefined;

  function note(sourceId: number, { kind: code, eventId, sealed, form }: TakenEvent): void {
    const kind = kindOfCode(code);
    if (kind === undefined || form !== ORIGINAL_FORM || sealed.length > MAX_SEALED_BYTES || closing.signal.aborted) {
      return;
    }
    const bytes = waiting.reduce((sum, one) => sum + one.sealed.length, sealed.length);
    if (waiting.length >= MAX_WAITING || bytes > MAX_WAITING_BYTES) return;
    waiting.push({ sourceId, kind, eventId, sealed });
    working ??= work().finally(() => {
      working = undefined;
    });
  }

  async function work(): Promise<void> {
    // What has brought them is answered first.
    await immediate();
    for (let copy = waiting.shift(); copy !== undefined; copy = waiting.shift()) {
      const busyMs = await compare(copy).catch((error: unknown) => {
        log.warn({ reason: messageOf(error) }, 'a copy could not be compared with the first body');
        return 0;
      });
      await delay(RESTS * busyMs, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
    }
  }

  /** @returns how long this process was busy with it */
  async function compare({ sourceId, kind, eventId, sealed }: Copy): Promise<number> {
    const first = await readFirstBody(database, { sourceId, eventId, maxBytes: MAX_SEALED_BYTES });
    if (first === undefined) return 0;
    const startMs = performance.now();
    const original = (body: { readonly sealed: Buffer; readonly form?: number }): Buffer | undefined => {
      const opened = openEvent(keyRing, { sourceId, eventId, kind, ...body });
      return 'original' in opened && opened.original.length <= MAX_COMPARED_BYTES ? opened.original : undefined;
    };
    const names = namesOf(original(first), original({ sealed, form: ORIGINAL_FORM }));
    const busyMs = performance.now() - startMs;
    if (names.length > 0) await noteDifferingCopy(database, sourceId, kind, names);
    return busyMs;
  }

  return {
    observing: (eventLog) => ({
      hold: (sourceId, partition, event, how) => eventLog.hold(sourceId, partition, event, how),
      async append(sourceId, partition, events, how) {
        const arrivals = await eventLog.append(sourceId, partition, events, how);
        for (const [index, arrival] of arrivals.entries()) {
          const event = events[index];
          if (event !== undefined && (arrival === 'redelivered' || arrival === 'drifted')) note(sourceId, event);
        }
        return arrivals;
      },
    }),
    async close() {
      closing.abort();
      waiting = [];
      await working;
    },
  };
}

function namesOf(first: Buffer | undefined, second: Buffer | undefined): string[] {
  if (first === undefined || second === undefined || first.equals(second)) return [];
  const one = parsedOriginal(first);
  const other = parsedOriginal(second);
  return one === undefined || other === undefined ? [] : differingFields(one, other);
}
