import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_PAGE } from '../../domain/exceptions/heldEvents.js';
import { type EventPage, MAX_WATCHED, revealedShare, type ShownEvent } from '../../domain/events/shownEvents.js';
import type { Ask } from '../../domain/inquiries.js';
import type { Database } from '../../store/connection/database.js';
import { pageOfEvents, sealedBodies } from '../../store/views/eventPages.js';
import { changedEvents } from '../../store/views/eventStates.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { requireSource } from '../../store/sources/sources.js';
import { sealFor } from '../../temporal/sealedAnswer.js';
import { shownBody } from './shownBody.js';

/** A question to Temporal costs some writes; waiting here for the next event costs a read. */
const LONGEST_WAIT_MS = 20_000;
const LOOK_EVERY_MS = 500;

interface EventsDeps {
  readonly database: Database;
  readonly keyRing: Pick<KeyRing, 'open' | 'accessKey'>;
}

export async function eventPage(deps: EventsDeps, ask: Ask<'events'>): Promise<EventPage> {
  const { database } = deps;
  const { id: sourceId } = await requireSource(database, ask.name);
  const since = ask.since === undefined ? undefined : new Date(ask.since);
  const until = Date.now() + Math.min(ask.waitMs ?? 0, LONGEST_WAIT_MS);
  for (;;) {
    const found = await pageOfEvents(database, { ...ask, sourceId, since, limit: Math.min(ask.limit, MAX_PAGE) });
    const changed = await changedEvents(database, sourceId, (ask.watched ?? []).slice(0, MAX_WATCHED));
    const page = changed.length === 0 ? found : { ...found, changed };
    if (page.events.length > 0 && ask.sealTo !== undefined) {
      const { texts, cut } = await bodiesOf(deps, sourceId, page.events);
      return { ...page, sealedBodies: sealFor(deps.keyRing.accessKey, ask.sealTo, JSON.stringify(texts)), cut };
    }
    if (page.events.length > 0 || changed.length > 0 || Date.now() >= until) return page;
    await sleep(LOOK_EVERY_MS);
  }
}

/** A text for each event, null for one that is not kept any more; and which of them are cut. One is read at a time: each may have 10 MB. */
async function bodiesOf(
  { database, keyRing }: EventsDeps,
  sourceId: number,
  events: readonly ShownEvent[],
): Promise<{ readonly texts: readonly (string | null)[]; readonly cut: readonly number[] }> {
  const texts: (string | null)[] = [];
  const cut: number[] = [];
  for (const [index, event] of events.entries()) {
    const { eventId, kind } = event;
    const [sealed] = await sealedBodies(database, sourceId, [event]);
    if (sealed === undefined) {
      texts.push(null);
      continue;
    }
    const body = shownBody(keyRing, { sourceId, eventId: Buffer.from(eventId, 'hex'), kind, sealed });
    const text = beginningOf(body, revealedShare(events.length));
    texts.push(text.text);
    if (text.bytes < body.length) cut.push(index);
  }
  return { texts, cut };
}

/** Controls, and what is no text at all, grow when they are quoted. */
function beginningOf(body: Buffer, share: number): { readonly text: string; readonly bytes: number } {
  for (let bytes = Math.min(share, body.length); ; bytes = Math.floor(bytes / 2)) {
    const text = body.toString('utf8', 0, bytes);
    if (Buffer.byteLength(JSON.stringify(text)) <= 2 * share + QUOTES) return { text, bytes };
  }
}

const QUOTES = 2;
