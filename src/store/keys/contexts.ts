/** What is sealed is bound to its place: associated data, with which it opens there and nowhere else. */
import type { Kind } from '../../domain/events/kinds.js';

/** Associated data of a sealed body: it opens for this event of this source only. */
export function bodyContext(sourceId: number, eventId: Buffer): Buffer {
  const context = Buffer.allocUnsafe(6 + eventId.length);
  context.write('body', 'latin1');
  context.writeUInt16BE(sourceId, 4);
  context.set(eventId, 6);
  return context;
}

/** What a sealed inlet URL is bound to. */
export function inletContext(sourceId: number): Buffer {
  return Buffer.from(`inlet/${sourceId}`);
}

export function routeContext(sourceId: number, widget: string, kind: Kind): Buffer {
  return Buffer.from(JSON.stringify(['route', sourceId, widget, kind]));
}
