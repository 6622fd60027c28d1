/** A taken event as a record of the spool. Its body is sealed already; the rest is what PostgreSQL has in the clear as well. */
import type { HeldEvent } from '../../store/exceptions/heldOnArrival.js';
import type { TakenEvent } from '../../store/log/takenEvent.js';
import type { IntakeEvent } from '../intake.js';

const LENGTH_BYTES = 4;
/** How every description begins. */
export const SPOOLED_MARK = { offset: LENGTH_BYTES, bytes: Buffer.from('{"v":1,"sourceId":') };

type Described<Event> = Omit<Event, 'eventId' | 'bodyMac' | 'stableMac' | 'visitorMac' | 'sealed'>;
interface Digests {
  readonly eventId: string;
  readonly bodyMac: string;
}
type Description = { readonly v: 1; readonly sourceId: number; readonly partition: number } & Digests &
  (
    | {
        readonly outcome: 'event';
        readonly stableMac: string;
        /** A release before 0.2 takes no notice of it, and of the form that an event has since. */
        readonly visitorMac?: string;
        readonly event: Described<TakenEvent>;
      }
    | { readonly outcome: 'held'; readonly event: Described<HeldEvent> }
  );

/** Length of the description (4 bytes), the description as JSON, the sealed body. */
export function encodeSpooled(intake: IntakeEvent): Buffer {
  const { sealed } = intake.event;
  const description = JSON.stringify(describe(intake));
  const length = Buffer.byteLength(description);
  const record = Buffer.allocUnsafe(LENGTH_BYTES + length + sealed.length);
  record.writeUInt32BE(length);
  record.write(description, LENGTH_BYTES);
  sealed.copy(record, LENGTH_BYTES + length);
  return record;
}

export function decodeSpooled(record: Buffer): IntakeEvent {
  const { description, bodyStart } = readDescription(record);
  const { sourceId, partition } = description;
  const digests = {
    eventId: Buffer.from(description.eventId, 'hex'),
    bodyMac: Buffer.from(description.bodyMac, 'hex'),
    sealed: record.subarray(bodyStart),
  };
  if (description.outcome === 'held') {
    return { sourceId, partition, outcome: 'held', event: { ...description.event, ...digests } };
  }
  const stableMac = Buffer.from(description.stableMac, 'hex');
  const { visitorMac: visitor } = description;
  const visitorMac = visitor === undefined ? {} : { visitorMac: Buffer.from(visitor, 'hex') };
  return {
    sourceId,
    partition,
    outcome: 'event',
    event: { ...description.event, ...digests, stableMac, ...visitorMac },
  };
}

export function sourceOfSpooled(record: Buffer): number {
  return readDescription(record).description.sourceId;
}

/** For a log: undefined where the record cannot be read. */
export function eventIdOfSpooled(record: Buffer): string | undefined {
  try {
    return readDescription(record).description.eventId;
  } catch {
    return undefined;
  }
}

function readDescription(record: Buffer): { readonly description: Description; readonly bodyStart: number } {
  const bodyStart = LENGTH_BYTES + record.readUInt32BE(0);
  return { bodyStart, description: JSON.parse(record.toString('utf8', LENGTH_BYTES, bodyStart)) as Description };
}

function describe({ sourceId, partition, ...intake }: IntakeEvent): Description {
  const common = {
    v: 1 as const,
    sourceId,
    partition,
    eventId: intake.event.eventId.toString('hex'),
    bodyMac: intake.event.bodyMac.toString('hex'),
  };
  if (intake.outcome === 'held') {
    const { eventId: _id, bodyMac: _mac, sealed: _body, ...event } = intake.event;
    return { ...common, outcome: 'held', event };
  }
  const { eventId: _id, bodyMac: _mac, stableMac, visitorMac, sealed: _body, ...event } = intake.event;
  return {
    ...common,
    outcome: 'event',
    stableMac: stableMac.toString('hex'),
    visitorMac: visitorMac?.toString('hex'),
    event,
  };
}
