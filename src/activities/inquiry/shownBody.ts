import { KINDS, type Kind } from '../../domain/events/kinds.js';
import { openEvent } from '../../store/bodies/originals.js';
import type { KeyRing } from '../../store/keys/keyRing.js';

interface Kept {
  readonly sourceId: number;
  readonly eventId: Buffer;
  /** Absent for one of a later release. */
  readonly kind?: Kind;
  readonly sealed: Buffer;
}

/** What a person is shown who asks for a body: as it was posted, or as it was cut when it was taken; else why it cannot be. */
export function shownBody(keyRing: Pick<KeyRing, 'open'>, { kind = KINDS[0], ...kept }: Kept): Buffer {
  const opened = openEvent(keyRing, { ...kept, kind });
  if ('fault' in opened) return Buffer.from(`(cannot be shown: ${opened.fault})`);
  return opened.form === 'original' ? opened.original : opened.body;
}
