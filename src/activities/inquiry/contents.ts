/** Contents of events for the one who asks for them, whole: an answer holds a piece, and reads one content at a time. */
import { MAX_PAGE } from '../../domain/exceptions/heldEvents.js';
import { type ContentPlace, type ContentsPiece, MAX_PIECE_BYTES } from '../../domain/events/shownEvents.js';
import type { Ask } from '../../domain/inquiries.js';
import type { Database } from '../../store/connection/database.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { requireSource } from '../../store/sources/sources.js';
import { sealedBodies } from '../../store/views/eventPages.js';
import { findException } from '../../store/views/exceptionPages.js';
import { type ContentPart, sealContents } from '../../temporal/sealedContents.js';
import { shownBody } from './shownBody.js';

interface ContentsDeps {
  readonly database: Database;
  readonly keyRing: Pick<KeyRing, 'open' | 'accessKey'>;
}

export async function contentsPiece(
  { database, keyRing }: ContentsDeps,
  { name, events, offset, sealTo }: Ask<'contents'>,
): Promise<ContentsPiece> {
  const { id: sourceId } = await requireSource(database, name);
  const parts: ContentPart[] = [];
  let room = MAX_PIECE_BYTES;
  for (const [index, event] of events.slice(0, MAX_PAGE).entries()) {
    if (room <= 0) break;
    const sealed = await readSealed(database, sourceId, event);
    if (sealed === undefined) {
      parts.push({ ofBytes: null, bytes: Buffer.alloc(0) });
      continue;
    }
    const eventId = Buffer.from(event.eventId, 'hex');
    const body = shownBody(keyRing, { sourceId, eventId, kind: event.kind, sealed });
    // Copied: a part of it must not keep the whole of each content in memory.
    const bytes = Buffer.from(body.subarray(index === 0 ? offset : 0).subarray(0, room));
    parts.push({ ofBytes: body.length, bytes });
    room -= bytes.length;
  }
  return { v: 1, sealedContents: await sealContents(keyRing.accessKey, sealTo, parts) };
}

async function readSealed(database: Database, sourceId: number, event: ContentPlace): Promise<Buffer | undefined> {
  if ('exceptionId' in event) return (await findException(database, sourceId, event.exceptionId))?.sealed;
  const [sealed] = await sealedBodies(database, sourceId, [event]);
  return sealed;
}
