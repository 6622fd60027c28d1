/** The events that `reparse` and `deliver-as-new` put into the log. */
import { bodyContext } from '../../store/keys/contexts.js';
import { createHash } from 'node:crypto';
import { canonicalEvent, eventJson } from '../../chatlio/canonicalEvent.js';
import { readPayload } from '../../chatlio/payloads.js';
import { readRequest } from '../../chatlio/readRequest.js';
import { widgetOf } from '../../domain/events/arrivalFacts.js';
import type { CanonicalEvent } from '../../domain/events/canonical.js';
import { AS_NEW_VERSION } from '../../domain/exceptions/heldEvents.js';
import { kindOfCode } from '../../domain/events/kinds.js';
import { partitionOf } from '../../domain/delivery/partition.js';
import { parsedOriginal } from '../../projection/parsedOriginal.js';
import { storedBody } from '../../projection/stored.js';
import { openEvent, type OpenedEvent, ORIGINAL_FORM, sealOriginal } from '../../store/bodies/originals.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { openOr } from '../../store/keys/opened.js';
import type { Replace } from '../../store/decisions/replacement.js';
import { type TakenEvent, visitorMacOf } from '../../store/log/takenEvent.js';

export interface ReplacingSource {
  readonly sourceId: number;
  readonly partitions: number;
  readonly keepsOriginals: boolean;
  readonly storedWithout: readonly string[];
}

/** Reads a raw body with what this release knows of Chatlio's bodies, as of the time when it arrived. */
export function createReparse(
  keyRing: KeyRing,
  { sourceId, partitions, keepsOriginals, storedWithout }: ReplacingSource,
): Replace {
  return async (held) => {
    const kind = kindOfCode(held.kind);
    if (kind === undefined) return { fault: `this release does not know its kind, ${held.kind}` };
    const widget = widgetOf(held.evidence.map(({ fact }) => fact));
    if (widget === undefined) return { fault: 'it is not known for which widget it was posted' };
    const opened = openOr(keyRing, held.sealed, bodyContext(sourceId, held.eventId));
    if ('fault' in opened) return opened;
    const raw = opened.body;
    const receivedAtMs = held.createdAt.getTime();
    const reading = readRequest({ widget, kind, raw, receivedAtMs });
    if (reading.outcome === 'held') return { fault: `it still cannot be read: ${reading.why}` };
    const macs = { bodyMac: keyRing.mac(reading.canonicalBody), stableMac: keyRing.mac(reading.contentKey) };
    const facts = { kind: held.kind, receivedAtMs, occurredAtMs: reading.occurredAtMs, ...macs };
    const event = keepsOriginals
      ? await takenOriginal(keyRing, sourceId, reading.eventId, {
          ...facts,
          ...visitorMacOf(keyRing, reading.visitorUUID),
          facts: {
            widget,
            receivedAtMs,
            ...(storedWithout.length === 0 ? {} : { occurredAtMs: reading.occurredAtMs }),
          },
          body: storedBody(raw, storedWithout),
        })
      : takenCut(keyRing, sourceId, { ...facts, event: reading.cutEvent() });
    return { event, partition: partitionOf(reading.eventId, partitions), isDistinct: false };
  };
}

/** The event of a conflict, under an id of its own, and in the form that it has. */
export function createDeliverAsNew(keyRing: KeyRing, { sourceId, partitions }: ReplacingSource): Replace {
  return async (held, number) => {
    const kind = kindOfCode(held.kind);
    if (kind === undefined) return { fault: `this release does not know its kind, ${held.kind}` };
    const opened = openEvent(keyRing, { sourceId, eventId: held.eventId, kind, sealed: held.sealed });
    if ('fault' in opened) return opened;
    const conflicting = conflictingEvent(opened);
    if ('fault' in conflicting) return conflicting;
    const event = asNewEvent(conflicting.event, number);
    const mac = keyRing.mac(conflicting.json);
    const facts = {
      kind: held.kind,
      receivedAtMs: held.createdAt.getTime(),
      occurredAtMs: Date.parse(event.occurredAt),
      bodyMac: mac,
      stableMac: mac,
    };
    const taken =
      opened.form === 'cut'
        ? takenCut(keyRing, sourceId, { ...facts, event })
        : await takenOriginal(keyRing, sourceId, event.eventId, {
            ...facts,
            facts: { ...opened.facts, identityVersion: AS_NEW_VERSION },
            body: opened.original,
          });
    return { event: taken, partition: partitionOf(event.eventId, partitions), isDistinct: true };
  };
}

/** As it was cut when it was taken, or as it would have been: its id as a new event is made of that, whatever is kept of it. */
function conflictingEvent(
  opened: Exclude<OpenedEvent, { readonly fault: string }>,
): { readonly event: CanonicalEvent; readonly json: Buffer } | { readonly fault: string } {
  if (opened.form === 'cut') {
    return { event: JSON.parse(opened.body.toString()) as CanonicalEvent, json: opened.body };
  }
  const { occurredAtMs } = opened.facts;
  const body = occurredAtMs === undefined ? undefined : parsedOriginal(opened.original);
  if (body !== undefined && occurredAtMs !== undefined) {
    // What told its kind may be among what was not kept.
    const event = canonicalEvent({ ...opened.facts, payload: readPayload(body), occurredAtMs });
    return { event, json: Buffer.from(eventJson(event)) };
  }
  const reading = readRequest({ ...opened.facts, raw: opened.original });
  if (reading.outcome === 'held') return { fault: `it cannot be read any more: ${reading.why}` };
  const event = reading.cutEvent();
  return { event, json: Buffer.from(eventJson(event)) };
}

/**
 * The same content under a derived id: SHA-256 of `["as-new/1", event id, SHA-256 of the canonical event]` as JSON, of
 * which the event's id and the time of its receipt are left out. Where the same content was delivered as new before, the
 * list ends with a number: 2 for the second event, and so on.
 */
export function asNewEvent(event: CanonicalEvent, number = 1): CanonicalEvent {
  const { eventId, receivedAt: _receivedAt, ...content } = event;
  const preImage = [AS_NEW_VERSION, eventId, sha256(JSON.stringify(content)), ...(number === 1 ? [] : [number])];
  const derived = sha256(JSON.stringify(preImage));
  return { ...event, eventId: derived, identityVersion: AS_NEW_VERSION };
}

type Facts = Omit<TakenEvent, 'eventId' | 'sealed' | 'form' | 'widget'>;

function takenCut(
  keyRing: KeyRing,
  sourceId: number,
  { event, ...facts }: Facts & { readonly event: CanonicalEvent },
): TakenEvent {
  const eventId = Buffer.from(event.eventId, 'hex');
  const sealed = keyRing.seal(Buffer.from(JSON.stringify(event)), bodyContext(sourceId, eventId));
  return { ...facts, eventId, sealed };
}

async function takenOriginal(
  keyRing: KeyRing,
  sourceId: number,
  id: string,
  { facts, body, ...rest }: Facts & { readonly facts: Parameters<typeof sealOriginal>[2]; readonly body: Buffer },
): Promise<TakenEvent> {
  const eventId = Buffer.from(id, 'hex');
  const sealed = await sealOriginal(keyRing, { sourceId, eventId }, facts, body);
  return { ...rest, eventId, sealed, form: ORIGINAL_FORM };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
