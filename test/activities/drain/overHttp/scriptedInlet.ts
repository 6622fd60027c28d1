/** A real HTTP inlet on a free port that counts what it takes, per event, and answers by script. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the inlet does with a request whose body it has read. */
type Behaviour =
  | 'accept'
  /** Takes the event, then cuts the connection. */
  | 'accept-and-cut'
  | 'hang'
  | { readonly status: number; readonly retryAfterS?: number; readonly body?: string }
  | { readonly acceptAfterMs: number };

export interface ScriptedInlet {
  readonly url: string;
  /** How often each event was posted, whatever came of it. */
  readonly posts: ReadonlyMap<string, number>;
  /** How often each event was taken. */
  readonly taken: ReadonlyMap<string, number>;
  /** When each request came in, `Date.now()`. */
  readonly arrivals: readonly number[];
  /** What each request carried. */
  readonly bodies: readonly string[];
  behave(script: (eventId: string, n: number) => Behaviour): void;
  /** Resolves when so many requests have arrived since the start. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

const INLET_ID = 'a'.repeat(64);

export async function startInlet(): Promise<ScriptedInlet> {
  const posts = new Map<string, number>();
  const taken = new Map<string, number>();
  const arrivals: number[] = [];
  const bodies: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let script: (eventId: string, n: number) => Behaviour = () => 'accept';

  const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);

  function answer(eventId: string, response: ServerResponse): void {
    count(taken, eventId);
    const receivedTimeMs = Date.now();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ inletId: INLET_ID, xactionId: `${receivedTimeMs}:1:${eventId}`, receivedTimeMs }));
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { eventId } = JSON.parse(body) as { eventId: string };
    bodies.push(body);
    arrivals.push(Date.now());
    count(posts, eventId);
    const behaviour = script(eventId, arrivals.length);
    for (const one of waiting) if (arrivals.length >= one.count) one.resolve();
    if (behaviour === 'accept') answer(eventId, response);
    else if (behaviour === 'hang') return;
    else if (behaviour === 'accept-and-cut') {
      count(taken, eventId);
      request.socket.destroy();
    } else if ('acceptAfterMs' in behaviour) setTimeout(() => answer(eventId, response), behaviour.acceptAfterMs);
    else {
      response.statusCode = behaviour.status;
      if (behaviour.retryAfterS !== undefined) response.setHeader('retry-after', String(behaviour.retryAfterS));
      response.end(behaviour.body ?? '');
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/collection/${INLET_ID}`,
    posts,
    taken,
    arrivals,
    bodies,
    behave(next) {
      script = next;
    },
    arrived(count) {
      if (arrivals.length >= count) return Promise.resolve();
      return new Promise((resolve) => waiting.push({ count, resolve }));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
