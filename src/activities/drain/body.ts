/** Opens the body of an event for its request. */
import { CodedError } from '../../domain/errors.js';
import type { KeyRing } from '../../store/keyRing.js';
import { bodyContext } from '../../store/takenEvent.js';
import type { Sendable } from './attempts.js';

/**
 * @returns undefined for a body that can never be sent: it was changed on disk, or is gone
 * @throws CodedError `CAEP_KEY_MISSING`: nothing is wrong with the body
 */
export type OpenBody = (sendable: Sendable) => Buffer | undefined;

export function createOpenBody(keyRing: Pick<KeyRing, 'open'>, sourceId: number): OpenBody {
  return ({ first, resend }) => {
    const { eventId, sealed } = first ?? resend;
    if (sealed === undefined) return undefined;
    try {
      return keyRing.open(sealed, bodyContext(sourceId, eventId));
    } catch (error) {
      if (error instanceof CodedError && error.error.code === 'CAEP_INTERNAL') return undefined;
      throw error;
    }
  };
}
