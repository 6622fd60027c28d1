import { codedError } from '../../domain/errors.js';
import type { EventDetails } from '../../domain/events/shownEvents.js';
import type { Ask } from '../../domain/inquiries.js';
import type { Database } from '../../store/connection/database.js';
import { findReceipts } from '../../store/delivery/receipts.js';
import { requireSource } from '../../store/sources/sources.js';
import { exceptionsOfEvent } from '../../store/views/exceptionPages.js';
import { findEvents } from '../../store/views/knownEvents.js';

/** Of an event that a person follows: by its id, which is in the webhook's answer, in logs, in the lake, and here. */
export async function eventDetails(database: Database, { name, eventId }: Ask<'event'>): Promise<EventDetails> {
  const { id: sourceId } = await requireSource(database, name);
  const [event, another] = await findEvents(database, sourceId, eventId);
  if (event === undefined || another !== undefined) {
    throw codedError('CAEP_EVENT_ID_UNKNOWN', { name, id: eventId });
  }
  const { partition, seq } = event;
  const receipts = seq === 0 ? [] : await findReceipts(database, { sourceId, partition, seq });
  return {
    v: 1,
    ...event,
    receipts: receipts.map(({ xactionId, receivedTimeMs }) => ({
      xactionId,
      receivedAt: new Date(receivedTimeMs).toISOString(),
    })),
    exceptions: await exceptionsOfEvent(database, sourceId, event.eventId),
  };
}
