/**
 * A webhook's body as it was posted, with what was known when it came, sealed for its own context. So what a sealed body is, is
 * told by opening it: an original does not open as a cut event, nor the other way round, whatever stands in a column.
 *
 * Before sealing: version (1 byte), coding (1), length of the facts (2), the facts as JSON, the body.
 */
import { bodyContext } from '../keys/contexts.js';
import { constants, deflateRaw, deflateRawSync, inflateRawSync } from 'node:zlib';
import { promisify } from 'node:util';
import type { Kind } from '../../domain/events/kinds.js';
import type { OriginalFacts } from '../../domain/projection/original.js';
import type { KeyRing } from '../keys/keyRing.js';
import { openOr } from '../keys/opened.js';

const VERSION = 1;
const HEADER_BYTES = 4;
const CODINGS = { plain: 0, deflated: 1 } as const;
/** Below, a body gets hardly shorter, and deflating costs as much as all else about it. */
const DEFLATED_FROM_BYTES = 4_096;
/** From here on beside the event loop. */
const BESIDE_FROM_BYTES = 131_072;
/** The longest body that is taken is 10 MiB. */
const MAX_BODY_BYTES = 11 * 1_048_576;
const LEVEL = { level: constants.Z_BEST_SPEED };

/** What is kept beside the body: the rest stands in the row. */
type KeptFacts = Pick<OriginalFacts, 'widget' | 'receivedAtMs' | 'occurredAtMs' | 'identityVersion'>;

function contextOf(sourceId: number, eventId: Buffer): Buffer {
  const context = bodyContext(sourceId, eventId);
  context.write('orig', 'latin1');
  return context;
}

/** Sealed for one event of one source. A long body is deflated beside the event loop. */
export async function sealOriginal(
  keyRing: Pick<KeyRing, 'seal'>,
  { sourceId, eventId }: { readonly sourceId: number; readonly eventId: Buffer },
  facts: KeptFacts,
  body: Buffer,
): Promise<Buffer> {
  const { coding, bytes } = body.length < BESIDE_FROM_BYTES ? encoded(body) : await encodedBeside(body);
  const { widget, receivedAtMs, occurredAtMs, identityVersion } = facts;
  const kept = Buffer.from(JSON.stringify({ widget, receivedAtMs, occurredAtMs, identityVersion }));
  const header = Buffer.from([VERSION, CODINGS[coding], kept.length >> 8, kept.length & 0xff]);
  return keyRing.seal(Buffer.concat([header, kept, bytes]), contextOf(sourceId, eventId));
}

interface Encoded {
  readonly coding: keyof typeof CODINGS;
  readonly bytes: Buffer;
}

function encoded(body: Buffer): Encoded {
  return body.length < DEFLATED_FROM_BYTES
    ? { coding: 'plain', bytes: body }
    : shorter(body, deflateRawSync(body, LEVEL));
}

async function encodedBeside(body: Buffer): Promise<Encoded> {
  return shorter(body, await promisify(deflateRaw)(body, LEVEL));
}

function shorter(body: Buffer, deflated: Buffer): Encoded {
  return deflated.length < body.length ? { coding: 'deflated', bytes: deflated } : { coding: 'plain', bytes: body };
}

export interface SealedEvent {
  readonly sourceId: number;
  readonly eventId: Buffer;
  readonly kind: Kind;
  readonly sealed: Uint8Array;
  /** As a column says: tried first. */
  readonly form?: number;
}

export type OpenedEvent =
  | { readonly form: 'cut'; readonly body: Buffer }
  | { readonly form: 'original'; readonly original: Buffer; readonly facts: OriginalFacts }
  /** Why it cannot be opened. */
  | { readonly fault: string };

export function openEvent(keyRing: Pick<KeyRing, 'open'>, event: SealedEvent): OpenedEvent {
  const first = event.form === ORIGINAL_FORM ? openOriginal(keyRing, event) : openCut(keyRing, event);
  if (!('fault' in first)) return first;
  const other = event.form === ORIGINAL_FORM ? openCut(keyRing, event) : openOriginal(keyRing, event);
  return 'fault' in other ? first : other;
}

/** In the column `form`. */
export const ORIGINAL_FORM = 1;

function openCut(keyRing: Pick<KeyRing, 'open'>, { sourceId, eventId, sealed }: SealedEvent): OpenedEvent {
  const opened = openOr(keyRing, sealed, bodyContext(sourceId, eventId));
  return 'fault' in opened ? opened : { form: 'cut', body: opened.body };
}

function openOriginal(keyRing: Pick<KeyRing, 'open'>, event: SealedEvent): OpenedEvent {
  const opened = openOr(keyRing, event.sealed, contextOf(event.sourceId, event.eventId));
  if ('fault' in opened) return opened;
  const { body: plain } = opened;
  if (plain[0] !== VERSION) return { fault: 'a later release has sealed its body' };
  const bodyStart = HEADER_BYTES + plain.readUInt16BE(2);
  const kept = JSON.parse(plain.toString('utf8', HEADER_BYTES, bodyStart)) as KeptFacts;
  const bytes = plain.subarray(bodyStart);
  const original = plain[1] === CODINGS.deflated ? inflateRawSync(bytes, { maxOutputLength: MAX_BODY_BYTES }) : bytes;
  return {
    form: 'original',
    original,
    facts: { ...kept, kind: event.kind, eventId: event.eventId.toString('hex') },
  };
}
