/** Opens the body of an event for its request. */
import { CodedError } from '../../domain/errors.js';
import type { KeyRing } from '../../store/keyRing.js';
import { bodyContext } from '../../store/takenEvent.js';
import type { Sendable } from './attempts.js';

/** `unreadable`: why this event cannot be sent. Others can: it is held by itself. */
type OpenedBody = { readonly body: Buffer } | { readonly unreadable: string };
export type OpenBody = (sendable: Sendable) => OpenedBody;

const SPOILED = 'its body was changed on disk, or is gone';

export function createOpenBody(keyRing: Pick<KeyRing, 'open'>, sourceId: number): OpenBody {
  return ({ first, resend }) => {
    const { eventId, sealed } = first ?? resend;
    if (sealed === undefined) return { unreadable: SPOILED };
    try {
      return { body: keyRing.open(sealed, bodyContext(sourceId, eventId)) };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const { code, fields } = error.error;
      if (code === 'CAEP_INTERNAL') return { unreadable: SPOILED };
      if (code === 'CAEP_KEY_MISSING') return { unreadable: `the worker's key file lacks its key ${fields['keyId']}` };
      throw error;
    }
  };
}
