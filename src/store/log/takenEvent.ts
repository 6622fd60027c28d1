/** An event as it enters the log. */
import type { KeyRing } from '../keys/keyRing.js';

/** An event that is ready for the log: identified, compared by MACs only, and encrypted. */
export interface TakenEvent {
  /** Stored code of the kind, `KIND_FACTS[kind].code`. */
  readonly kind: number;
  /** By which it came. */
  readonly widget?: string;
  /** 32 bytes. */
  readonly eventId: Buffer;
  readonly receivedAtMs: number;
  readonly occurredAtMs: number;
  /** 16 bytes: of the whole payload in canonical form. */
  readonly bodyMac: Buffer;
  /** 16 bytes: of what makes it another event if it differs. */
  readonly stableMac: Buffer;
  /** 16 bytes: of Chatlio's own id of the visitor. Absent: it tells nothing. */
  readonly visitorMac?: Buffer;
  /** The canonical event as JSON, sealed for `bodyContext`; or the original, as `form` says. */
  readonly sealed: Buffer;
  /** `ORIGINAL_FORM`; absent for an event that was cut when it was taken. */
  readonly form?: number;
}

/** Of a text that no other MAC is made of: equal MACs of anything else say nothing about the visitor. */
export function visitorMacOf(
  keyRing: Pick<KeyRing, 'mac'>,
  visitorUUID: string | undefined,
): Pick<TakenEvent, 'visitorMac'> {
  return visitorUUID === undefined ? {} : { visitorMac: keyRing.mac(JSON.stringify(['visitor', visitorUUID])) };
}
