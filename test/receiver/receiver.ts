/** A running receiver for one source with one widget, and requests to it over real HTTP. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { request } from 'undici';
import { afterAll, beforeAll } from 'vitest';
import { KINDS, type Kind } from '../../src/domain/events/kinds.js';
import { webhookPath } from '../../src/domain/events/webhookPath.js';
import { startReceiver, type Receiver } from '../../src/receiver/start.js';
import type { Database } from '../../src/store/connection/database.js';
import { type KeyRing, openKeyRing } from '../../src/store/keys/keyRing.js';
import { createRoutes, type OpenedRoute } from '../../src/store/sources/routes.js';
import { freshSource } from '../support/store.js';

export const WIDGET = 'main-site';
/** Nobody listens there. */
export const AWAY = 'postgres://nobody@127.0.0.1:1/none';

export interface ReceiverSetup {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly sourceId: number;
  readonly routes: readonly OpenedRoute[];
  /** For the route cache. */
  readonly home: string;
  readonly receiver: Receiver;
  /** Everything logged so far. */
  readonly logged: () => string;
  readonly path: (kind: Kind) => string;
  readonly post: (path: string, body: string | Buffer | object, headers?: Record<string, string>) => Promise<Response>;
}

export interface Response {
  readonly status: number;
  readonly body: Record<string, string>;
  readonly headers: Record<string, string | string[] | undefined>;
}

export function withReceiver(database: () => Database, partitions = 2): () => ReceiverSetup {
  let setup: ReceiverSetup | undefined;
  beforeAll(async () => {
    const home = await mkdtemp(join(tmpdir(), 'caep-receiver-'));
    const keyRing = await openKeyRing(join(home, 'keys.json'), { create: true });
    const sourceId = await freshSource(database(), partitions);
    const routes = await createRoutes(database(), keyRing, sourceId, [{ key: WIDGET, kinds: KINDS }]);
    const { receiver, logged } = await startTestReceiver({ database: database(), keyRing, home });
    const path = (kind: Kind) => pathOf(routes, kind);
    const post: ReceiverSetup['post'] = (at, body, headers) => postTo(receiver, at, body, headers);
    setup = { database: database(), keyRing, sourceId, routes, home, receiver, logged, path, post };
  });
  afterAll(() => setup?.receiver.close());
  return () => {
    if (setup === undefined) throw new Error('the receiver runs from beforeAll on');
    return setup;
  };
}

export async function startTestReceiver(parts: {
  database: Database;
  keyRing: KeyRing;
  home: string;
  spoolMaxBytes?: number;
  maxHeldBytes?: number;
  publicUrl?: string;
}) {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
  const { publicUrl: namedUrl, spoolMaxBytes, maxHeldBytes } = parts;
  const receiver = await startReceiver({
    ...parts,
    configuration: {
      home: parts.home,
      receiver: { host: '127.0.0.1', port: 0, publicUrl: 'http://localhost', namedUrl, spoolMaxBytes, maxHeldBytes },
    },
    log,
  });
  return { receiver, logged: () => lines.join('') };
}

export function pathOf(routes: readonly OpenedRoute[], kind: Kind): string {
  const route = routes.find((one) => one.kind === kind);
  if (route === undefined) throw new Error(`no route for ${kind}`);
  return webhookPath(route);
}

export async function postTo(
  receiver: Receiver,
  path: string,
  body: string | Buffer | object,
  headers: Record<string, string> = { 'content-type': 'application/json' },
): Promise<Response> {
  const sent = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const response = await request(receiver.url + path, { method: 'POST', body: sent, headers });
  const text = await response.body.text();
  return {
    status: response.statusCode,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, string>,
    headers: response.headers,
  };
}
