/**
 * A segment: a file of records, each `length (4 bytes), CRC-32 (4 bytes), bytes`. Written once, front to back, and never
 * continued after a restart, so that what a crash has torn can only be at a segment's end.
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

interface SegmentContent {
  readonly records: readonly Buffer[];
  /** After the last whole record: torn by a crash before it was acknowledged, or damaged since. */
  readonly unreadableBytes: number;
}

export function decodeSegment(content: Buffer): SegmentContent {
  const records: Buffer[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= content.length) {
    const end = at + HEADER_BYTES + content.readUInt32BE(at);
    if (end > content.length) break;
    const bytes = content.subarray(at + HEADER_BYTES, end);
    if (crc32(bytes) !== content.readUInt32BE(at + 4)) break;
    records.push(bytes);
    at = end;
  }
  return { records, unreadableBytes: content.length - at };
}
