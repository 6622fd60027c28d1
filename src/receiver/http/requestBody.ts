/** The bytes of a request, within the receiver's bounds of memory and time. */
import type { IncomingMessage } from 'node:http';
import type { Reservation } from './byteBudget.js';
import { type Coding, codingOf, decode } from './contentCoding.js';
import { MAX_BODY_BYTES } from './limits.js';

/** Chatlio's senders are servers: the largest body needs 700 kB a second for this. */
const WITHIN_MS = 15_000;
/** What a chunk costs beside its bytes, however few: charged, so that a body of small ones cannot keep the event loop busy. */
const CHUNK_BYTES = 256;
const CHUNKS_CHARGED_AT_ONCE = 64;
/** A buffer is doubled up to here, then grows by as much: less than this is ever reserved in vain. */
const GROWTH_BYTES = 1024 * 1024;

export type BodyReading =
  | {
      readonly outcome: 'read';
      readonly raw: Buffer;
      /** For a person who has to decide about it. */
      readonly fact?: string;
    }
  /** To be answered, with the rest of the body unread. */
  | { readonly outcome: 'too-large' | 'no-room' | 'too-slow' | 'unknown-coding' }
  /** Nobody is there to answer to. */
  | { readonly outcome: 'cut' };

export async function readBody(
  request: IncomingMessage,
  reservation: Reservation,
  withinMs = WITHIN_MS,
): Promise<BodyReading> {
  const coding = codingOf(request.headers['content-encoding']);
  if (coding === undefined) return { outcome: 'unknown-coding' };
  const received = await receive(request, reservation, withinMs);
  return received.outcome === 'read' && coding !== 'identity'
    ? decodeWithin(received.raw, coding, reservation)
    : received;
}

function receive(request: IncomingMessage, reservation: Reservation, withinMs: number): Promise<BodyReading> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > MAX_BODY_BYTES) return Promise.resolve({ outcome: 'too-large' });
  return new Promise((resolve) => {
    const bytes = createCollector(reservation, announced === 0 ? MAX_BODY_BYTES : announced);
    const timer = setTimeout(() => end({ outcome: 'too-slow' }), withinMs);
    const end = (reading: BodyReading): void => {
      clearTimeout(timer);
      request.removeAllListeners('data').pause();
      resolve(reading);
    };
    request.on('data', (chunk: Buffer) => {
      const fault = bytes.add(chunk);
      if (fault !== undefined) end({ outcome: fault });
    });
    request.on('end', () => end({ outcome: 'read', raw: bytes.collected() }));
    request.on('error', () => end({ outcome: 'cut' }));
    request.on('close', () => end({ outcome: 'cut' }));
  });
}

/**
 * Puts the chunks of a body together as they come. Each is an object with a buffer behind it, some hundred bytes for a chunk of
 * one: collected, a body of small chunks would cost many times what it counts.
 */
function createCollector(reservation: Reservation, mostBytes: number) {
  let buffer = Buffer.alloc(0);
  let length = 0;
  let chunks = 0;

  function grow(needed: number): boolean {
    const next = Math.min(Math.max(needed, buffer.length + Math.min(buffer.length, GROWTH_BYTES)), mostBytes);
    if (!reservation.add(next - buffer.length)) return false;
    const larger = Buffer.allocUnsafeSlow(next);
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
    return true;
  }

  return {
    add(chunk: Buffer): 'too-large' | 'no-room' | undefined {
      const needed = length + chunk.length;
      if (needed > mostBytes) return 'too-large';
      chunks += 1;
      if (chunks % CHUNKS_CHARGED_AT_ONCE === 0 && !reservation.add(CHUNKS_CHARGED_AT_ONCE * CHUNK_BYTES))
        return 'no-room';
      if (needed > buffer.length && !grow(needed)) return 'no-room';
      chunk.copy(buffer, length);
      length = needed;
      return undefined;
    },
    collected: () => buffer.subarray(0, length),
  };
}

/** What does not decode is read as it came: it is held then, with its bytes. */
async function decodeWithin(
  coded: Buffer,
  coding: Exclude<Coding, 'identity'>,
  reservation: Reservation,
): Promise<BodyReading> {
  if (!reservation.add(MAX_BODY_BYTES)) return { outcome: 'no-room' };
  const decoded = await decode(coded, coding, MAX_BODY_BYTES);
  if (decoded === 'too-large') return { outcome: 'too-large' };
  if (decoded === 'damaged')
    return { outcome: 'read', raw: coded, fact: `its content-encoding says ${coding}, but it cannot be decoded` };
  return { outcome: 'read', raw: decoded };
}
