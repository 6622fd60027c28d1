/** An event as it enters the log. */

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
  /** The canonical event as JSON, sealed for {@link bodyContext}. */
  readonly sealed: Buffer;
}

/** Associated data of a sealed body: it opens for this event of this source only. */
export function bodyContext(sourceId: number, eventId: Buffer): Buffer {
  const context = Buffer.allocUnsafe(6 + eventId.length);
  context.write('body', 'latin1');
  context.writeUInt16BE(sourceId, 4);
  context.set(eventId, 6);
  return context;
}
