/** The bytes of a request, within the receiver's bounds of memory. */
import type { IncomingMessage } from 'node:http';

/** `htmlBody`, `textBody` and `messages` carry a chat three times; 10 MB is far above any chat that people type. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** What a request costs beside its body: buffers of the connection, the parsed body, the sealed event. */
const REQUEST_BYTES = 16 * 1024;

/** How many bytes all requests together may hold, from their first byte to their answer. */
export interface ByteBudget {
  open(): Reservation;
}

interface Reservation {
  /** False when there is no room. */
  add(bytes: number): boolean;
  close(): void;
}

export function createByteBudget(maxBytes: number): ByteBudget {
  let used = 0;
  return {
    open() {
      let mine = REQUEST_BYTES;
      used += mine;
      return {
        add(bytes) {
          if (used + bytes > maxBytes) return false;
          used += bytes;
          mine += bytes;
          return true;
        },
        close() {
          used -= mine;
          mine = 0;
        },
      };
    },
  };
}

export type BodyReading =
  | { readonly outcome: 'read'; readonly raw: Buffer }
  /** `too-large`, `no-room`: answer, and let Node discard the rest. `cut`: nobody is there to answer to. */
  | { readonly outcome: 'too-large' | 'no-room' | 'cut' };

export function readBody(request: IncomingMessage, reservation: Reservation): Promise<BodyReading> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > MAX_BODY_BYTES) return Promise.resolve({ outcome: 'too-large' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const stop = (outcome: 'too-large' | 'no-room'): void => {
      chunks.length = 0;
      request.removeAllListeners('data').resume();
      resolve({ outcome });
    };
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_BODY_BYTES) stop('too-large');
      else if (!reservation.add(chunk.length)) stop('no-room');
      else chunks.push(chunk);
    });
    request.on('end', () =>
      resolve({ outcome: 'read', raw: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) }),
    );
    request.on('error', () => resolve({ outcome: 'cut' }));
    request.on('close', () => resolve({ outcome: 'cut' }));
  });
}
