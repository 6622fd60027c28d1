/**
 * The journal's bytes. An entry: event id (32), source (2), kind (1), arrival (1), taken at in milliseconds (6), big-endian.
 * A batch, written at once: count (4), CRC-32 of the entries (4), entries.
 */
import { crc32 } from 'node:zlib';
import type { Taken } from '../intake.js';

const ENTRY_BYTES = 42;
const HEADER_BYTES = 8;

/** Stored; never renumber. */
const ARRIVAL_CODES: Readonly<Record<Taken, number>> = {
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
  readonly taken: Taken;
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
  while (at + HEADER_BYTES <= content.length) {
    const count = content.readUInt32BE(at);
    const end = at + HEADER_BYTES + count * ENTRY_BYTES;
    // Zeros, as a file system may leave them in a file that was being written, are no batch.
    if (count === 0 || end > content.length) break;
    const batch = content.subarray(at + HEADER_BYTES, end);
    if (crc32(batch) !== content.readUInt32BE(at + 4)) break;
    entries.push(batch);
    at = end;
  }
  return { entries: Buffer.concat(entries), readBytes: at };
}
