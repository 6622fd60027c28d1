import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_PAGE } from '../../domain/heldEvents.js';
import { type EventPage, MAX_REVEALED_PAGE_BYTES, MAX_WATCHED, type PassingEvent } from '../../domain/passingEvents.js';
import type { Ask } from '../../domain/plan.js';
import type { Database } from '../../store/database.js';
import { pageOfEvents, sealedBodies } from '../../store/eventPages.js';
import { changedEvents } from '../../store/eventStates.js';
import type { KeyRing } from '../../store/keyRing.js';
import { openOr } from '../../store/opened.js';
import { requireSource } from '../../store/sources.js';
import { bodyContext } from '../../store/takenEvent.js';
import { sealFor } from '../../temporal/sealedAnswer.js';

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
      return {
        ...page,
        sealedBodies: sealFor(deps.keyRing.accessKey, ask.sealTo, await bodiesOf(deps, sourceId, page.events)),
      };
    }
    if (page.events.length > 0 || changed.length > 0 || Date.now() >= until) return page;
    await sleep(LOOK_EVERY_MS);
  }
}

/** JSON: a text for each event, null for one that is not kept any more. */
async function bodiesOf(
  { database, keyRing }: EventsDeps,
  sourceId: number,
  events: readonly PassingEvent[],
): Promise<string> {
  const maxBytes = Math.floor(MAX_REVEALED_PAGE_BYTES / events.length);
  const sealed = await sealedBodies(database, sourceId, events);
  const texts = events.map(({ eventId }, index) => {
    const body = sealed[index];
    if (body === undefined) return null;
    const opened = openOr(keyRing, body, bodyContext(sourceId, Buffer.from(eventId, 'hex')));
    return 'fault' in opened
      ? `(cannot be shown: ${opened.fault})`
      : opened.body.subarray(0, maxBytes).toString('utf8');
  });
  return JSON.stringify(texts);
}
