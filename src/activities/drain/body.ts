/** Opens the body of an event for its request. */
import type { KeyRing } from '../../store/keyRing.js';
import { type Opened, openOr } from '../../store/opened.js';
import { bodyContext } from '../../store/takenEvent.js';
import type { Sendable } from './attempts.js';

/** `fault`: why this event cannot be sent. Others can: it is held by itself. */
export type OpenBody = (sendable: Sendable) => Opened;

export function createOpenBody(keyRing: Pick<KeyRing, 'open'>, sourceId: number): OpenBody {
  return ({ first, resend }) => {
    const { eventId, sealed } = first ?? resend;
    return sealed === undefined
      ? { fault: 'its body was changed on disk, or is gone' }
      : openOr(keyRing, sealed, bodyContext(sourceId, eventId));
  };
}
