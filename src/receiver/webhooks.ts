/** A webhook request from its URL to the answer. 2xx means durable; everything that had a right secret is kept or refused aloud. */
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { eventJson } from '../chatlio/canonicalEvent.js';
import { readRequest } from '../chatlio/readRequest.js';
import { widgetFact } from '../domain/arrivalFacts.js';
import { KIND_FACTS } from '../domain/kinds.js';
import { partitionOf } from '../domain/partition.js';
import { parseWebhookPath, pathOfTarget } from '../domain/webhookPath.js';
import type { KeyRing } from '../store/keyRing.js';
import type { NoPlace } from '../store/arrival.js';
import type { Route } from '../store/routes.js';
import { bodyContext } from '../store/takenEvent.js';
import type { ByteBudget } from './byteBudget.js';
import { ACCEPTED_CODINGS } from './contentCoding.js';
import type { Intake, IntakeEvent, Taken } from './intake.js';
import { type BodyReading, readBody } from './requestBody.js';
import { findRoute } from './routeCheck.js';
import type { LiveRoutes } from './routes.js';

export interface Answer {
  readonly status: 200 | 404 | 408 | 413 | 415 | 503;
  readonly body: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Outcome =
  | Taken
  | NoPlace
  | 'not-found'
  | 'too-large'
  | 'too-slow'
  | 'unknown-coding'
  | 'no-room'
  | 'not-durable'
  | 'no-routes';

export interface WebhooksOptions {
  readonly routes: Pick<LiveRoutes, 'current' | 'isCurrent'>;
  readonly keyRing: KeyRing;
  readonly intake: Intake;
  readonly budget: ByteBudget;
  readonly count: (outcome: Outcome) => void;
  /** A request that would have been for one of these, but for its secret. */
  readonly onNearMiss: (near: readonly Route[]) => void;
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

export const NOT_FOUND: Answer = { status: 404, body: { error: 'not found' } };
const TOO_LARGE: Answer = { status: 413, body: { error: 'larger than 10 MB' } };
const TOO_SLOW: Answer = { status: 408, body: { error: 'the body did not come in time' } };
const UNKNOWN_CODING: Answer = {
  status: 415,
  body: { error: `content-encoding not read here; send one of: ${ACCEPTED_CODINGS}, or none` },
  headers: { 'accept-encoding': ACCEPTED_CODINGS },
};
export const UNAVAILABLE: Answer = {
  status: 503,
  body: { error: 'not taken, try again' },
  headers: { 'retry-after': '5' },
};

/** Only a person's decisions make place. */
const NO_PLACE_YET: Answer = { ...UNAVAILABLE, headers: { 'retry-after': '60' } };
const NO_PLACE =
  'a webhook was refused: bodies of this URL that wait for a decision take all the place that they may; see `held list`';

/** @returns handles one POST; undefined when the sender has gone before its request was complete */
export function createWebhooks(options: WebhooksOptions): (request: IncomingMessage) => Promise<Answer | undefined> {
  const { routes, keyRing, intake, budget, count, onNearMiss, log } = options;

  return async (request) => {
    const receivedAtMs = Date.now();
    const table = routes.current();
    if (table === undefined) return refuse('no-routes', UNAVAILABLE);
    const check = findRoute(table, parseWebhookPath(pathOfTarget(request.url ?? '')), receivedAtMs);
    if (check.outcome !== 'right') {
      if (!routes.isCurrent()) return refuse('no-routes', UNAVAILABLE);
      if (check.outcome === 'near-miss') onNearMiss(check.near);
      return refuse('not-found', NOT_FOUND);
    }
    if (check.route.hasVanished === true) return refuse('no-routes', UNAVAILABLE);

    const { route } = check;
    const reservation = budget.open(`${route.sourceId}/${route.kind}/${route.widget}`);
    try {
      // Not awaited before it is sealed: nothing keeps the body as it came then.
      const prepared = await readBody(request, reservation).then((reading) => {
        if (reading.outcome !== 'read') return reading.outcome;
        const sealed = prepare(keyRing, route, reading, receivedAtMs);
        reservation.keep(sealed.arriving.event.sealed.length);
        return sealed;
      });
      return typeof prepared === 'string' ? notRead(route, prepared) : await take(route, prepared);
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
      case 'too-slow':
        log.warn({ sourceId, widget, kind }, 'a webhook was cut off: its body did not come in time');
        return refuse('too-slow', TOO_SLOW);
      case 'unknown-coding':
        log.error({ sourceId, widget, kind }, 'a webhook was refused for its content-encoding: it is not kept');
        return refuse('unknown-coding', UNKNOWN_CODING);
      case 'no-room':
        log.warn({ sourceId, widget, kind }, 'a webhook was refused for want of memory');
        return refuse('no-room', UNAVAILABLE);
      default:
        return outcome satisfies never;
    }
  }

  async function take(route: Route, { eventId, arriving, why }: Prepared): Promise<Answer> {
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
function prepare(
  keyRing: KeyRing,
  route: Route,
  { raw, fact }: { readonly raw: Buffer; readonly fact?: string },
  receivedAtMs: number,
): Prepared {
  const { sourceId, widget, kind } = route;
  const reading = readRequest({ widget, kind, raw, receivedAtMs });
  const eventId = reading.outcome === 'event' ? reading.event.eventId : reading.eventId;
  const id = Buffer.from(eventId, 'hex');
  const place = { sourceId, partition: partitionOf(eventId, route.partitions) };
  const common = { kind: KIND_FACTS[kind].code, widget, eventId: id, receivedAtMs };
  const seal = (plain: Buffer): Buffer => keyRing.seal(plain, bodyContext(sourceId, id));

  if (reading.outcome === 'held') {
    const facts = [...(fact === undefined ? [] : [fact]), reading.why, widgetFact(widget)];
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
