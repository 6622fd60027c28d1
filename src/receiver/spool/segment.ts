/**
 * A segment: a file of records, each `length (4 bytes), CRC-32 (4 bytes), bytes`. Written once, front to back, and never
 * continued after a restart, so that what a crash has torn can only be at a segment's end.
 *
 * Bytes that have changed since they were written cost the record they are in, and no other.
 */
import { crc32 } from 'node:zlib';

const HEADER_BYTES = 8;

export function encodeRecord(bytes: Buffer): Buffer {
  const record = Buffer.allocUnsafe(HEADER_BYTES + bytes.length);
  record.writeUInt32BE(bytes.length, 0);
  record.writeUInt32BE(crc32(bytes), 4);
  record.set(bytes, HEADER_BYTES);
  return record;
}

/** What records take in a segment. */
export function encodedBytes(records: readonly Buffer[]): number {
  return records.reduce((sum, { length }) => sum + HEADER_BYTES + length, 0);
}

/** What stands in every record at the same place: by it the next one is found where a length cannot be believed. */
export interface RecordMark {
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface SegmentContent {
  readonly records: readonly Buffer[];
  /** Between records, or in place of the last one. A stretch is one record, or several that follow each other. */
  readonly damaged: { readonly stretches: number; readonly bytes: number };
  /** At the end, less than a record: torn by a crash before it was acknowledged. */
  readonly tornBytes: number;
}

export function decodeSegment(content: Buffer, mark?: RecordMark): SegmentContent {
  const records: Buffer[] = [];
  const damaged = { stretches: 0, bytes: 0 };
  for (let at = 0; at < content.length; ) {
    const record = recordAt(content, at);
    if (record !== undefined) {
      records.push(record);
      at += HEADER_BYTES + record.length;
      continue;
    }
    const next = findNext(content, at, mark);
    if (next === undefined) return { records, damaged, tornBytes: content.length - at };
    damaged.stretches += 1;
    damaged.bytes += next - at;
    at = next;
  }
  return { records, damaged, tornBytes: 0 };
}

/** @returns undefined when no whole record begins there. No record is empty: zeros, as a file system may leave them, are none */
function recordAt(content: Buffer, at: number): Buffer | undefined {
  if (at + HEADER_BYTES > content.length) return undefined;
  const length = content.readUInt32BE(at);
  const end = at + HEADER_BYTES + length;
  if (length === 0 || end > content.length) return undefined;
  const bytes = content.subarray(at + HEADER_BYTES, end);
  return crc32(bytes) === content.readUInt32BE(at + 4) ? bytes : undefined;
}

/** Where reading goes on after a record that is damaged: by its length, and where that is damaged itself, by the mark. */
function findNext(content: Buffer, at: number, mark: RecordMark | undefined): number | undefined {
  const length = at + HEADER_BYTES > content.length ? 0 : content.readUInt32BE(at);
  const byLength = at + HEADER_BYTES + length;
  const endsTheSegment = length > 0 && byLength === content.length;
  if (endsTheSegment || recordAt(content, byLength) !== undefined) return byLength;
  if (mark === undefined) return undefined;
  const toStart = HEADER_BYTES + mark.offset;
  for (let found = content.indexOf(mark.bytes, at + 1 + toStart); found >= 0; ) {
    if (recordAt(content, found - toStart) !== undefined) return found - toStart;
    found = content.indexOf(mark.bytes, found + 1);
  }
  return undefined;
}
