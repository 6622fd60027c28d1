/** Opening what may be sealed with a key that is not there, or was changed: one such body is no reason to show or decide nothing. */
import { CodedError } from '../../domain/errors.js';
import type { KeyRing } from './keyRing.js';

export type Opened = { readonly body: Buffer } | { readonly fault: string };

export function openOr(keyRing: Pick<KeyRing, 'open'>, sealed: Uint8Array, associatedData: Uint8Array): Opened {
  try {
    return { body: keyRing.open(sealed, associatedData) };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { code, fields } = error.error;
    if (code === 'CAEP_DATA_DAMAGED') return { fault: 'its body was damaged on disk, or is gone' };
    if (code === 'CAEP_KEY_MISSING') return { fault: `its key ${fields['keyId']} is not in the worker's key file` };
    throw error;
  }
}
