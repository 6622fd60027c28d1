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

/** Makes the event, or says why there is none. */
export type Replace = (
  held: Chosen & { readonly sealed: Buffer },
) => { readonly event: TakenEvent; readonly partition: number } | { readonly fault: string };

/** @returns what became of it, as a fact for people */
export async function replaceEvent(
  client: PoolClient,
  sourceId: number,
  held: Chosen,
  replace: Replace,
): Promise<{ readonly fact: string } | { readonly fault: string }> {
  const { sealed } = held;
  if (sealed === null) return { fault: 'its body is not kept with it' };
  const made = replace({ ...held, sealed });
  if ('fault' in made) return made;
  const { event, partition } = made;
  const id = event.eventId.toString('hex');
  const fresh = await appendFresh(client, sourceId, partition, [event]);
  if (fresh.size === 1) return { fact: `it is now the event ${id}` };

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
