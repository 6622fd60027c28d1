/** The events that `reparse` and `deliver-as-new` put into the log. */
import { createHash } from 'node:crypto';
import { readRequest } from '../../chatlio/readRequest.js';
import { widgetOf } from '../../domain/arrivalFacts.js';
import type { CanonicalEvent } from '../../domain/canonical.js';
import { AS_NEW_VERSION } from '../../domain/heldEvents.js';
import { kindOfCode } from '../../domain/kinds.js';
import { partitionOf } from '../../domain/partition.js';
import type { KeyRing } from '../../store/keyRing.js';
import { openOr } from '../../store/opened.js';
import type { Replace } from '../../store/replacement.js';
import { bodyContext, type TakenEvent } from '../../store/takenEvent.js';

export interface ReplacingSource {
  readonly sourceId: number;
  readonly partitions: number;
}

/** Reads a raw body with what this release knows of Chatlio's bodies, as of the time when it arrived. */
export function createReparse(keyRing: KeyRing, { sourceId, partitions }: ReplacingSource): Replace {
  return (held) => {
    const kind = kindOfCode(held.kind);
    if (kind === undefined) return { fault: `its kind ${held.kind} is of another release` };
    const widget = widgetOf(held.evidence.map(({ fact }) => fact));
    if (widget === undefined) return { fault: 'it is not known for which widget it was posted' };
    const opened = openOr(keyRing, held.sealed, bodyContext(sourceId, held.eventId));
    if ('fault' in opened) return opened;
    const raw = opened.body;
    const receivedAtMs = held.createdAt.getTime();
    const reading = readRequest({ widget, kind, raw, receivedAtMs });
    if (reading.outcome === 'held') return { fault: `it is still not readable: ${reading.why}` };
    const { event } = reading;
    const macs = { bodyMac: keyRing.mac(reading.canonicalBody), stableMac: keyRing.mac(reading.contentKey) };
    return {
      event: taken(keyRing, sourceId, { kind: held.kind, receivedAtMs, event, ...macs }),
      partition: partitionOf(event.eventId, partitions),
      isDistinct: false,
    };
  };
}

/** The event of a conflict, under an id of its own. */
export function createDeliverAsNew(keyRing: KeyRing, { sourceId, partitions }: ReplacingSource): Replace {
  return (held, number) => {
    const opened = openOr(keyRing, held.sealed, bodyContext(sourceId, held.eventId));
    if ('fault' in opened) return opened;
    const { body } = opened;
    const conflicting = JSON.parse(body.toString()) as CanonicalEvent;
    const event = asNewEvent(conflicting, number);
    const mac = keyRing.mac(body);
    const receivedAtMs = held.createdAt.getTime();
    return {
      event: taken(keyRing, sourceId, { kind: held.kind, receivedAtMs, event, bodyMac: mac, stableMac: mac }),
      partition: partitionOf(event.eventId, partitions),
      isDistinct: true,
    };
  };
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

function taken(
  keyRing: KeyRing,
  sourceId: number,
  facts: Pick<TakenEvent, 'kind' | 'receivedAtMs' | 'bodyMac' | 'stableMac'> & { readonly event: CanonicalEvent },
): TakenEvent {
  const { event, ...rest } = facts;
  const eventId = Buffer.from(event.eventId, 'hex');
  return {
    ...rest,
    eventId,
    occurredAtMs: Date.parse(event.occurredAt),
    sealed: keyRing.seal(Buffer.from(JSON.stringify(event)), bodyContext(sourceId, eventId)),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
