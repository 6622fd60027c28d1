/** A webhook request from its URL to the answer. 2xx means durable; everything that had a right secret is kept or refused aloud. */
import { bodyContext } from '../../store/keys/contexts.js';
import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import { eventJson } from '../../chatlio/canonicalEvent.js';
import { readRequest } from '../../chatlio/readRequest.js';
import { widgetFact } from '../../domain/events/arrivalFacts.js';
import { KIND_FACTS } from '../../domain/events/kinds.js';
import { partitionOf } from '../../domain/delivery/partition.js';
import { parseWebhookPath, pathOfTarget } from '../../domain/events/webhookPath.js';
import { storedBody } from '../../projection/stored.js';
import { ORIGINAL_FORM, sealOriginal } from '../../store/bodies/originals.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import type { NoPlace } from '../../store/log/arrival.js';
import { visitorMacOf } from '../../store/log/takenEvent.js';
import type { Route } from '../../store/sources/routeTable.js';
import type { ByteBudget } from './byteBudget.js';
import { ACCEPTED_CODINGS } from './contentCoding.js';
import type { Intake, IntakeEvent, TakenAs } from '../intake.js';
import { type BodyReading, readBody } from './requestBody.js';
import { findRoute } from './routeCheck.js';
import type { LiveRoutes } from '../routes.js';

export interface Answer {
  readonly status: 200 | 404 | 408 | 413 | 415 | 503;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the event that the request was read as, whatever has become of it. */
  readonly eventId?: string;
}

export type Outcome =
  | TakenAs
  | NoPlace
  | 'not-found'
  | 'too-large'
  | 'too-slow'
  | 'unknown-coding'
  | 'no-room'
  | 'not-durable'
  | 'no-routes';

export interface WebhooksOptions {
  readonly routes: Pick<LiveRoutes, 'current' | 'isNone'>;
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
const TOO_SLOW: Answer = { status: 408, body: { error: 'the body did not arrive in time' } };
const UNKNOWN_CODING: Answer = {
  status: 415,
  body: { error: `content-encoding not supported; send one of: ${ACCEPTED_CODINGS}, or none` },
  headers: { 'accept-encoding': ACCEPTED_CODINGS },
};
export const UNAVAILABLE: Answer = {
  status: 503,
  body: { error: 'not stored, try again' },
  headers: { 'retry-after': '5' },
};

/** Only a person's decisions make place. */
const NO_PLACE_YET: Answer = { ...UNAVAILABLE, headers: { 'retry-after': '60' } };
const NO_PLACE =
  'a webhook was refused: its URL has reached the limit for bodies that wait for a decision; see `chatlio-aep held list`';

/** @returns handles one POST, with the id of the request for the log; undefined when the sender has gone before its request was complete */
export function createWebhooks(
  options: WebhooksOptions,
): (request: IncomingMessage, requestId: string) => Promise<Answer | undefined> {
  const { routes, keyRing, intake, budget, count, onNearMiss, log } = options;

  return async (request, requestId) => {
    const receivedAtMs = Date.now();
    const table = routes.current();
    if (table === undefined) return refuse('no-routes', UNAVAILABLE);
    const check = findRoute(table, parseWebhookPath(pathOfTarget(request.url ?? '')), receivedAtMs);
    if (check.outcome === 'no-webhook-url') return refuse('not-found', NOT_FOUND);
    if (check.outcome === 'unknown') {
      if (!routes.isNone(check.secretSha256)) return refuse('no-routes', UNAVAILABLE);
      onNearMiss(check.near);
      return refuse('not-found', NOT_FOUND);
    }
    if (check.route.hasVanished === true) return refuse('no-routes', UNAVAILABLE);

    const { route } = check;
    const reservation = budget.open(`${route.sourceId}/${route.kind}/${route.widget}`);
    try {
      // Not awaited before it is sealed: nothing keeps the body as it came then.
      const prepared = await readBody(request, reservation).then(async (reading) => {
        if (reading.outcome !== 'read') return reading.outcome;
        const sealed = await prepare(keyRing, route, reading, receivedAtMs);
        reservation.keep(sealed.arriving.event.sealed.length);
        return sealed;
      });
      return typeof prepared === 'string'
        ? notRead(route, requestId, prepared)
        : await take(route, requestId, prepared);
    } finally {
      reservation.close();
    }
  };

  function refuse(outcome: Outcome, answer: Answer): Answer {
    count(outcome);
    return answer;
  }

  function notRead(
    { sourceId, widget, kind }: Route,
    requestId: string,
    outcome: Exclude<BodyReading['outcome'], 'read'>,
  ): Answer | undefined {
    const about = { requestId, sourceId, widget, kind };
    switch (outcome) {
      case 'cut':
        return undefined;
      case 'too-large':
        log.error(about, 'a webhook larger than 10 MB was refused; it is not kept');
        return refuse('too-large', TOO_LARGE);
      case 'too-slow':
        log.warn(about, 'a webhook was refused, because its body did not arrive in time');
        return refuse('too-slow', TOO_SLOW);
      case 'unknown-coding':
        log.error(about, 'a webhook was refused because of its content-encoding; it is not kept');
        return refuse('unknown-coding', UNKNOWN_CODING);
      case 'no-room':
        log.warn(about, 'a webhook was refused, because there is not enough memory');
        return refuse('no-room', UNAVAILABLE);
      default:
        return outcome satisfies never;
    }
  }

  async function take(
    { sourceId, widget, kind }: Route,
    requestId: string,
    { eventId, arriving, why }: Prepared,
  ): Promise<Answer> {
    const about = { requestId, sourceId, widget, kind, eventId };
    let arrival: TakenAs | NoPlace;
    try {
      arrival = await intake.take(arriving);
    } catch {
      return refuse('not-durable', { ...UNAVAILABLE, eventId });
    }
    if (arrival === 'no-place') {
      const digest = arriving.event.bodyMac.toString('hex');
      log.error({ ...about, digest }, NO_PLACE);
      return refuse('no-place', { ...NO_PLACE_YET, eventId });
    }
    count(arrival);
    if (arrival === 'held')
      log.error({ ...about, why }, 'a webhook that is not a known event is held for a person to decide');
    if (arrival === 'conflict')
      log.error(about, 'a webhook that conflicts with an earlier one is held for a person to decide');
    if (arrival === 'drifted') log.warn(about, 'an event arrived again in another form; the first one is kept');
    return { status: 200, body: { eventId, arrival }, eventId };
  }
}

interface Prepared {
  readonly eventId: string;
  readonly arriving: IntakeEvent;
  readonly why?: string;
}

/** Reads, identifies and seals: from here on no text of the chat is in the clear. */
async function prepare(
  keyRing: KeyRing,
  route: Route,
  { raw, fact }: { readonly raw: Buffer; readonly fact?: string },
  receivedAtMs: number,
): Promise<Prepared> {
  const { sourceId, widget, kind } = route;
  const reading = readRequest({ widget, kind, raw, receivedAtMs });
  const { eventId } = reading;
  const id = Buffer.from(eventId, 'hex');
  const place = { sourceId, partition: partitionOf(eventId, route.partitions) };
  const common = { kind: KIND_FACTS[kind].code, widget, eventId: id, receivedAtMs };
  const seal = (plain: Buffer): Buffer => keyRing.seal(plain, bodyContext(sourceId, id));

  if (reading.outcome === 'held') {
    const facts = [...(fact === undefined ? [] : [fact]), reading.why, widgetFact(widget)];
    const event = { ...common, reason: 'unreadable' as const, bodyMac: keyRing.mac(raw), sealed: seal(raw), facts };
    return { eventId, why: reading.why, arriving: { ...place, outcome: 'held', event } };
  }
  const event = {
    ...common,
    occurredAtMs: reading.occurredAtMs,
    bodyMac: keyRing.mac(reading.canonicalBody),
    stableMac: keyRing.mac(reading.contentKey),
    ...(route.keepsOriginals === true
      ? {
          form: ORIGINAL_FORM,
          ...visitorMacOf(keyRing, reading.visitorUUID),
          sealed: await sealOriginal(keyRing, { sourceId, eventId: id }, ...kept(route, reading, raw, receivedAtMs)),
        }
      : { sealed: seal(Buffer.from(eventJson(reading.cutEvent()))) }),
  };
  return { eventId, arriving: { ...place, outcome: 'event', event } };
}

/** What of an original is kept, and what is told beside it; the time of the event, where what it is read off may be missing. */
function kept(
  { widget, storedWithout = [] }: Route,
  { occurredAtMs }: { readonly occurredAtMs: number },
  raw: Buffer,
  receivedAtMs: number,
): [facts: Parameters<typeof sealOriginal>[2], body: Buffer] {
  if (storedWithout.length === 0) return [{ widget, receivedAtMs }, raw];
  return [{ widget, receivedAtMs, occurredAtMs }, storedBody(raw, storedWithout)];
}
