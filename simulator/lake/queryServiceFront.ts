/** Where Query Service listens: PostgreSQL's wire protocol behind TLS, as `sslmode=require` expects it. */
import { createServer, connect, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { selfSigned } from '../transport/selfSigned.js';

/** First messages of a client: length, code ("PostgreSQL: Frontend/Backend Protocol, Message Formats"). */
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const REQUEST_BYTES = 8;

export interface QueryServiceFront {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * @param upstream the lake's PostgreSQL, without TLS
 * @param requiresTls asked at each connection: without it encryption is declined, as by a server that has none
 */
export async function openQueryServiceFront(
  upstream: { readonly host: string; readonly port: number },
  requiresTls: () => boolean,
): Promise<QueryServiceFront> {
  const secureContext = createSecureContext(selfSigned('Query Service (simulated)', Date.now()));
  const sockets = new Set<Socket>();

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    return socket;
  }

  function forward(client: Socket, first?: Buffer): void {
    const server = keep(connect(upstream));
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
    if (first !== undefined) server.write(first);
    client.pipe(server).pipe(client);
  }

  function welcome(client: Socket): void {
    client.once('data', (message) => {
      client.pause();
      const code = message.length >= REQUEST_BYTES ? message.readInt32BE(4) : 0;
      if (code === SSL_REQUEST && requiresTls()) {
        client.write('S');
        const secured = new TLSSocket(client, { isServer: true, secureContext });
        keep(secured);
        return forward(secured);
      }
      if (code === SSL_REQUEST || code === GSS_REQUEST) {
        client.write('N');
        welcome(client);
        client.resume();
        return;
      }
      if (requiresTls()) client.end(refusal('28000', 'no encryption: sslmode=require is expected'));
      else forward(client, message);
    });
  }

  const server = createServer((client) => welcome(keep(client)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the front of Query Service has no port');
  return {
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** ErrorResponse: severity, SQLSTATE, message. */
function refusal(state: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${state}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
