/** An event that takes the place of a held one: appended to the log in the transaction that decides it. */
import type { PoolClient } from 'pg';
import type { ExceptionReason } from '../../domain/exceptions/exceptions.js';
import type { ExceptionState } from '../../domain/exceptions/heldEvents.js';
import { appendFresh } from '../log/eventLog.js';
import { recordArrivalException } from '../exceptions/heldOnArrival.js';
import type { TakenEvent } from '../log/takenEvent.js';

/** An exception that a decision is about. */
export interface Chosen {
  readonly id: number;
  readonly version: number;
  readonly partition: number;
  readonly kind: number;
  readonly eventId: Buffer;
  readonly reason: ExceptionReason;
  readonly state: ExceptionState;
  /** Of the first arrival. */
  readonly createdAt: Date;
  /** Only of bodies that the log could not carry. */
  readonly sealed: Buffer | null;
  /** After a decision: it cannot be sent or read any more. */
  readonly isErased: boolean;
  readonly evidence: readonly { readonly at: string; readonly fact: string }[];
}

/**
 * Makes the event, or says why there is none.
 *
 * @param number which of the events that were made of this id and content it is to be, from 1
 */
export type Replace = (held: Chosen & { readonly sealed: Buffer }, number: number) => Replaced | Promise<Replaced>;

type Replaced = Replacement | { readonly fault: string };

interface Replacement {
  readonly event: TakenEvent;
  readonly partition: number;
  /** An event that was taken before is not this one: the next number is asked for. */
  readonly isDistinct: boolean;
}

/** @returns what became of it, as a fact for people */
export async function replaceEvent(
  client: PoolClient,
  sourceId: number,
  held: Chosen,
  replace: Replace,
): Promise<{ readonly fact: string } | { readonly fault: string }> {
  const { sealed } = held;
  if (sealed === null) return { fault: 'its body is not kept with it' };
  for (let number = 1; ; number += 1) {
    const made = await replace({ ...held, sealed }, number);
    if ('fault' in made) return made;
    const { event, partition, isDistinct } = made;
    const fresh = await appendFresh(client, sourceId, partition, [event]);
    if (fresh.size === 1) return { fact: `it is now the event ${event.eventId.toString('hex')}` };
    if (!isDistinct) return takenBefore(client, sourceId, held, event);
  }
}

/** A body that was read anew is an event that was taken in the meantime, or another one with its id. */
async function takenBefore(
  client: PoolClient,
  sourceId: number,
  held: Chosen,
  event: TakenEvent,
): Promise<{ readonly fact: string }> {
  const id = event.eventId.toString('hex');
  const { rows } = await client.query<{ partition: number; same: boolean }>(
    `select partition, stable_mac = $3 and coalesce(visitor_mac = $4, true) as same
     from event_id where source_id = $1 and event_id = $2`,
    [sourceId, event.eventId, event.stableMac, event.visitorMac ?? null],
  );
  const first = rows[0];
  if (first === undefined) throw new Error('an event id has vanished from the table of ids');
  if (first.same) return { fact: `it is the same as the event ${id}, which was taken before` };
  const facts = [`read again from the held event ${held.id}`, 'other content'];
  await recordArrivalException(client, sourceId, first.partition, 'conflict', event, facts);
  return { fact: `it has the id of the event ${id}, but different content: now held as a conflict` };
}
