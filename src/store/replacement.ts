/** An event that takes the place of a held one: appended to the log in the transaction that decides it. */
import type { PoolClient } from 'pg';
import type { ExceptionReason } from '../domain/exceptions.js';
import type { ExceptionState } from '../domain/heldEvents.js';
import { appendFresh } from './eventLog.js';
import { recordArrivalException } from './heldOnArrival.js';
import type { TakenEvent } from './takenEvent.js';

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
  readonly evidence: readonly { readonly at: string; readonly fact: string }[];
}

/**
 * Makes the event, or says why there is none.
 *
 * @param number which of the events that were made of this id and content it is to be, from 1
 */
export type Replace = (
  held: Chosen & { readonly sealed: Buffer },
  number: number,
) => Replacement | { readonly fault: string };

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
    const made = replace({ ...held, sealed }, number);
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
  const { rows } = await client.query<{ partition: number; stable_mac: Buffer }>(
    'select partition, stable_mac from event_id where source_id = $1 and event_id = $2',
    [sourceId, event.eventId],
  );
  const first = rows[0];
  if (first === undefined) throw new Error('an event id has vanished from the table of ids');
  if (first.stable_mac.equals(event.stableMac)) return { fact: `it is the event ${id}, which was taken before` };
  const facts = [`read anew from the exception ${held.id}`, 'other content'];
  await recordArrivalException(client, sourceId, first.partition, 'conflict', event, facts);
  return { fact: `it has the id of the event ${id}, with other content: now held as a conflict` };
}
