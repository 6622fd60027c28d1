/** Arrivals that the log cannot carry: put among the exceptions with their bodies, in the transaction that takes them. */
import type { ClientBase } from 'pg';
import type { ExceptionReason } from '../../domain/exceptions/exceptions.js';
import type { Arrival, NoPlace } from '../log/arrival.js';
import { type Database, inTransaction } from '../connection/database.js';
import { type ArrivingBody, hasPlace, noteTurnedAway } from './heldPlace.js';
import { openingSql } from './writing.js';

/** A request that was authentic but is no event that we can read. */
export interface HeldEvent {
  readonly reason: Extract<ExceptionReason, 'unreadable' | 'too-large'>;
  readonly kind: number;
  /** By which it came. */
  readonly widget?: string;
  /** 32 bytes, by the recipe `raw/1`. */
  readonly eventId: Buffer;
  readonly receivedAtMs: number;
  /** 16 bytes, of the raw body. */
  readonly bodyMac: Buffer;
  /** The raw body, sealed for `bodyContext`. */
  readonly sealed: Buffer;
  /** What a person needs to decide; never text of the chat. */
  readonly facts: readonly string[];
}

interface KeptArrival {
  readonly kind: number;
  readonly widget?: string;
  readonly eventId: Buffer;
  readonly receivedAtMs: number;
  readonly occurredAtMs?: number;
  readonly bodyMac: Buffer;
  readonly sealed: Buffer;
}

// Sequence number 0: known as taken, never in the log.
const TAKE_ID = `
insert into event_id (source_id, partition, kind, seq, logged_at, last_arrival_at, event_id, body_mac, stable_mac)
values ($1, $2, $3, 0, $4, $4, $5, $6, $6)
on conflict (source_id, event_id) do update
  set arrivals = event_id.arrivals + 1, last_arrival_at = greatest(event_id.last_arrival_at, excluded.last_arrival_at)`;

const RECORD = openingSql('arrival', {
  event: {
    sourceId: '$1',
    partition: '$2',
    kind: '$3',
    eventId: '$4',
    occurredAt: '$8',
    body: { mac: '$6', sealed: '$7', widget: '$10' },
  },
  given: { reason: '$5' },
  fact: { evidence: '$9' },
});

export async function holdOnArrival(
  database: Database,
  sourceId: number,
  partition: number,
  event: HeldEvent,
  maxBytes?: number,
): Promise<Arrival | NoPlace> {
  return inTransaction(database, async (client) => {
    if (!(await isPlaceFor(client, { ...event, sourceId }, maxBytes))) return 'no-place';
    const at = new Date(event.receivedAtMs);
    await client.query(TAKE_ID, [sourceId, partition, event.kind, at, event.eventId, event.bodyMac]);
    const isNew = await recordArrivalException(client, sourceId, partition, event.reason, event, event.facts);
    return isNew ? 'held' : 'redelivered';
  });
}

/**
 * Notes an arrival for which there is no place. The same body once more takes none.
 *
 * @param maxBytes undefined: it was acknowledged, and is kept whatever it takes
 */
export async function isPlaceFor(client: ClientBase, body: ArrivingBody, maxBytes?: number): Promise<boolean> {
  if (maxBytes === undefined || (await hasPlace(client, body, maxBytes))) return true;
  const { rowCount } = await client.query(
    `select from exception where source_id = $1 and event_id = $2 and body_mac = $3 and state <> 'resolved'`,
    [body.sourceId, body.eventId, body.bodyMac],
  );
  if (rowCount !== 0) return true;
  await noteTurnedAway(client, body);
  return false;
}

/**
 * Puts an arrival among the exceptions. The same body once more is counted there, until a person has decided about it: then
 * it is asked about anew.
 *
 * @returns whether it is one that a person has not been asked about
 */
export async function recordArrivalException(
  client: ClientBase,
  sourceId: number,
  partition: number,
  reason: Extract<ExceptionReason, 'unreadable' | 'too-large' | 'conflict'>,
  arrival: KeptArrival,
  facts: readonly string[],
): Promise<boolean> {
  const at = new Date(arrival.receivedAtMs).toISOString();
  const { rows } = await client.query<{ arrivals: number }>(RECORD, [
    sourceId,
    partition,
    arrival.kind,
    arrival.eventId,
    reason,
    arrival.bodyMac,
    arrival.sealed,
    arrival.occurredAtMs === undefined ? null : new Date(arrival.occurredAtMs),
    JSON.stringify(facts.map((fact) => ({ at, fact }))),
    arrival.widget ?? '',
  ]);
  return rows[0]?.arrivals === 1;
}
