/** A webhook request from its URL to the answer. 2xx means durable; everything that had a right secret is kept or refused aloud. */
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { eventJson } from '../chatlio/canonicalEvent.js';
import { readRequest } from '../chatlio/readRequest.js';
import { widgetFact } from '../domain/arrivalFacts.js';
import { KIND_FACTS } from '../domain/kinds.js';
import { partitionOf } from '../domain/partition.js';
import { parseWebhookPath } from '../domain/webhookPath.js';
import type { KeyRing } from '../store/keyRing.js';
import type { NoPlace } from '../store/arrival.js';
import type { Route } from '../store/routes.js';
import { bodyContext } from '../store/takenEvent.js';
import type { Intake, IntakeEvent, Taken } from './intake.js';
import { type ByteBudget, type BodyReading, readBody } from './requestBody.js';
import { findRoute } from './routeCheck.js';
import type { LiveRoutes } from './routes.js';

export interface Answer {
  readonly status: 200 | 404 | 413 | 503;
  readonly body: Readonly<Record<string, string>>;
  readonly retryAfterSeconds?: number;
}

export type Outcome = Taken | NoPlace | 'not-found' | 'too-large' | 'no-room' | 'not-durable' | 'no-routes';

export interface WebhooksOptions {
  readonly routes: Pick<LiveRoutes, 'current' | 'isCurrent'>;
  readonly keyRing: KeyRing;
  readonly intake: Intake;
  readonly budget: ByteBudget;
  readonly count: (outcome: Outcome) => void;
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

const NOT_FOUND: Answer = { status: 404, body: { error: 'not found' } };
const TOO_LARGE: Answer = { status: 413, body: { error: 'larger than 10 MB' } };
const UNAVAILABLE: Answer = { status: 503, body: { error: 'not taken, try again' }, retryAfterSeconds: 5 };

/** Only a person's decisions make place. */
const NO_PLACE_YET: Answer = { ...UNAVAILABLE, retryAfterSeconds: 60 };
const NO_PLACE =
  'a webhook was refused: bodies of this URL that wait for a decision take all the place that they may; see `held list`';

/** @returns handles one POST; undefined when the sender has gone before its request was complete */
export function createWebhooks(options: WebhooksOptions): (request: IncomingMessage) => Promise<Answer | undefined> {
  const { routes, keyRing, intake, budget, count, log } = options;

  return async (request) => {
    const receivedAtMs = Date.now();
    const table = routes.current();
    if (table === undefined) return refuse('no-routes', UNAVAILABLE);
    const route = findRoute(table, parseWebhookPath(request.url ?? ''), receivedAtMs);
    if (route === undefined)
      return routes.isCurrent() ? refuse('not-found', NOT_FOUND) : refuse('no-routes', UNAVAILABLE);
    if (route.hasVanished === true) return refuse('no-routes', UNAVAILABLE);

    const reservation = budget.open();
    try {
      const reading = await readBody(request, reservation);
      return reading.outcome === 'read'
        ? await take(route, reading.raw, receivedAtMs)
        : notRead(route, reading.outcome);
    } finally {
      reservation.close();
    }
  };

  function refuse(outcome: Outcome, answer: Answer): Answer {
    count(outcome);
    return answer;
  }

  function notRead(route: Route, outcome: Exclude<BodyReading['outcome'], 'read'>): Answer | undefined {
    const { sourceId, widget, kind } = route;
    switch (outcome) {
      case 'cut':
        return undefined;
      case 'too-large':
        log.error({ sourceId, widget, kind }, 'a webhook above 10 MB was refused: it is not kept');
        return refuse('too-large', TOO_LARGE);
      case 'no-room':
        log.warn({ sourceId, widget, kind }, 'a webhook was refused for want of memory');
        return refuse('no-room', UNAVAILABLE);
      default:
        return outcome satisfies never;
    }
  }

  async function take(route: Route, raw: Buffer, receivedAtMs: number): Promise<Answer> {
    const { eventId, arriving, why } = prepare(keyRing, route, raw, receivedAtMs);
    let arrival: Taken | NoPlace;
    try {
      arrival = await intake.take(arriving);
    } catch {
      return refuse('not-durable', UNAVAILABLE);
    }
    const { sourceId, widget, kind } = route;
    if (arrival === 'no-place') {
      const digest = arriving.event.bodyMac.toString('hex');
      log.error({ sourceId, widget, kind, eventId, digest }, NO_PLACE);
      return refuse('no-place', NO_PLACE_YET);
    }
    count(arrival);
    if (arrival === 'held') log.error({ sourceId, widget, kind, eventId, why }, 'a webhook that is no event is held');
    if (arrival === 'conflict')
      log.error({ sourceId, widget, kind, eventId }, 'a webhook in conflict with an earlier one is held');
    if (arrival === 'drifted') log.warn({ sourceId, widget, kind, eventId }, 'an event came again, rendered anew');
    return { status: 200, body: { eventId, arrival } };
  }
}

interface Prepared {
  readonly eventId: string;
  readonly arriving: IntakeEvent;
  readonly why?: string;
}

/** Reads, identifies and seals: from here on no text of the chat is in the clear. */
function prepare(keyRing: KeyRing, route: Route, raw: Buffer, receivedAtMs: number): Prepared {
  const { sourceId, widget, kind } = route;
  const reading = readRequest({ widget, kind, raw, receivedAtMs });
  const eventId = reading.outcome === 'event' ? reading.event.eventId : reading.eventId;
  const id = Buffer.from(eventId, 'hex');
  const place = { sourceId, partition: partitionOf(eventId, route.partitions) };
  const common = { kind: KIND_FACTS[kind].code, widget, eventId: id, receivedAtMs };
  const seal = (plain: Buffer): Buffer => keyRing.seal(plain, bodyContext(sourceId, id));

  if (reading.outcome === 'held') {
    const facts = [reading.why, widgetFact(widget)];
    const event = { ...common, reason: 'unreadable' as const, bodyMac: keyRing.mac(raw), sealed: seal(raw), facts };
    return { eventId, why: reading.why, arriving: { ...place, outcome: 'held', event } };
  }
  const { occurredAt, receivedAt } = reading.event;
  const event = {
    ...common,
    // Most events happen when they come; parsing costs more than a MAC.
    occurredAtMs: occurredAt === receivedAt ? receivedAtMs : Date.parse(occurredAt),
    bodyMac: keyRing.mac(reading.canonicalBody),
    stableMac: keyRing.mac(reading.contentKey),
    sealed: seal(Buffer.from(eventJson(reading.event))),
  };
  return { eventId, arriving: { ...place, outcome: 'event', event } };
}
