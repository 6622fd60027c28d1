/**
 * The journal's bytes. An entry: event id (32), source (2), kind (1), arrival (1), taken at in milliseconds (6), big-endian.
 * A batch, written at once: count (4), CRC-32 of the entries (4), entries.
 */
import { crc32 } from 'node:zlib';
import type { TakenAs } from '../intake.js';

const ENTRY_BYTES = 42;
const HEADER_BYTES = 8;

/** Stored; never renumber. */
const ARRIVAL_CODES: Readonly<Record<TakenAs, number>> = {
  logged: 1,
  redelivered: 2,
  drifted: 3,
  conflict: 4,
  held: 5,
  spooled: 6,
};

export interface JournalEntry {
  readonly eventId: Buffer;
  readonly sourceId: number;
  /** Stored code of the kind. */
  readonly kind: number;
  readonly taken: TakenAs;
  readonly takenAtMs: number;
}

export function encodeBatch(entries: readonly JournalEntry[]): Buffer {
  const batch = Buffer.allocUnsafe(HEADER_BYTES + entries.length * ENTRY_BYTES);
  let at = HEADER_BYTES;
  for (const { eventId, sourceId, kind, taken, takenAtMs } of entries) {
    batch.set(eventId, at);
    batch.writeUInt16BE(sourceId, at + 32);
    batch[at + 34] = kind;
    batch[at + 35] = ARRIVAL_CODES[taken];
    batch.writeUIntBE(takenAtMs, at + 36, 6);
    at += ENTRY_BYTES;
  }
  batch.writeUInt32BE(entries.length, 0);
  batch.writeUInt32BE(crc32(batch.subarray(HEADER_BYTES)), 4);
  return batch;
}

interface BatchesRead {
  /** Without the headers. */
  readonly entries: Buffer;
  /** Up to here the bytes are whole batches. */
  readonly readBytes: number;
}

export function decodeBatches(content: Buffer): BatchesRead {
  const entries: Buffer[] = [];
  let at = 0;
  for (let batch = batchAt(content, at); batch !== undefined; batch = batchAt(content, at)) {
    entries.push(batch);
    at += HEADER_BYTES + batch.length;
  }
  return { entries: Buffer.concat(entries), readBytes: at };
}

/** Where the next whole batch begins after one at the start whose bytes have changed; undefined when there is none. */
export function findNextBatch(content: Buffer): number | undefined {
  // How many entries are in a damaged one cannot be believed; that headers and entries have even lengths can.
  for (let at = HEADER_BYTES + ENTRY_BYTES; at + HEADER_BYTES <= content.length; at += 2) {
    if (batchAt(content, at) !== undefined) return at;
  }
  return undefined;
}

/** Its entries. Zeros, as a file system may leave them in a file that was being written, are no batch. */
function batchAt(content: Buffer, at: number): Buffer | undefined {
  if (at + HEADER_BYTES > content.length) return undefined;
  const count = content.readUInt32BE(at);
  const end = at + HEADER_BYTES + count * ENTRY_BYTES;
  if (count === 0 || end > content.length) return undefined;
  const batch = content.subarray(at + HEADER_BYTES, end);
  return crc32(batch) === content.readUInt32BE(at + 4) ? batch : undefined;
}
