/**
 * Contents on their way from the worker to a terminal, in pieces that Temporal takes: a content may have 10 MB. A piece is deflated, then sealed.
 *
 * Before deflating: length of the head (4 bytes), the head as JSON, then the bytes of each part.
 */
import { constants, deflateRaw, inflateRawSync } from 'node:zlib';
import { promisify } from 'node:util';
import { MAX_PIECE_BYTES } from '../domain/events/shownEvents.js';
import { type Asker, MAX_SEALED_BYTES, sealFor } from './sealedAnswer.js';

/** Of one event; all of it, or what comes after the part before. */
export interface ContentPart {
  /** Of the whole content. Null: it is not kept any more. */
  readonly ofBytes: number | null;
  readonly bytes: Buffer;
}

const HEAD_LENGTH_BYTES = 4;
const MAX_HEAD_BYTES = 64 * 1024;

/** As many of the parts, from the first on, as an answer takes, the last perhaps cut. */
export async function sealContents(accessKey: Buffer, sealTo: string, parts: readonly ContentPart[]): Promise<string> {
  for (let maxBytes = MAX_PIECE_BYTES; ; ) {
    const frame = framed(partsWithin(parts, maxBytes));
    const deflated = await promisify(deflateRaw)(frame, { level: constants.Z_BEST_SPEED });
    // What cannot be deflated grows by next to nothing.
    if (deflated.length <= MAX_SEALED_BYTES || maxBytes === MAX_SEALED_BYTES) {
      return sealFor(accessKey, sealTo, deflated);
    }
    const likely = Math.floor((LIKELY_TO_FIT * frame.length * MAX_SEALED_BYTES) / deflated.length);
    maxBytes = Math.max(MAX_SEALED_BYTES, Math.min(likely, maxBytes - 1));
  }
}

/** The beginning deflates about as the whole does. */
const LIKELY_TO_FIT = 0.95;

/** @throws CodedError `CAEP_ANSWER_NOT_AUTHENTIC` */
export function openContents(asker: Asker, sealed: string): ContentPart[] {
  const frame = inflateRawSync(asker.openBytes(sealed), { maxOutputLength: MAX_PIECE_BYTES + MAX_HEAD_BYTES });
  const headEnd = HEAD_LENGTH_BYTES + frame.readUInt32BE(0);
  let at = headEnd;
  const head = JSON.parse(frame.toString('utf8', HEAD_LENGTH_BYTES, headEnd)) as [number | null, number][];
  return head.map(([ofBytes, length]) => ({ ofBytes, bytes: frame.subarray(at, (at += length)) }));
}

function partsWithin(parts: readonly ContentPart[], maxBytes: number): ContentPart[] {
  const within: ContentPart[] = [];
  let room = maxBytes;
  for (const { ofBytes, bytes } of parts) {
    if (room === 0) break;
    within.push({ ofBytes, bytes: bytes.subarray(0, room) });
    room -= Math.min(room, bytes.length);
  }
  return within;
}

function framed(parts: readonly ContentPart[]): Buffer {
  const head = Buffer.from(JSON.stringify(parts.map(({ ofBytes, bytes }) => [ofBytes, bytes.length])));
  const length = Buffer.alloc(HEAD_LENGTH_BYTES);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, ...parts.map(({ bytes }) => bytes)]);
}
