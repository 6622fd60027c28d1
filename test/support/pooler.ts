/**
 * A pooler as PgBouncer is one. In transaction mode each transaction of a client gets the next of some connections to the
 * server, as whoever had it before has left it; in session mode a client keeps the one that its first statement got.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';
import { onTestFinished } from 'vitest';
import { frames, int32, message } from './wire.js';

const SSL_REQUEST = 80_877_103;

interface ServerConnection {
  readonly socket: Socket;
  client?: Socket;
  /** Asked and not answered with ReadyForQuery yet. */
  asked: number;
}

/** @returns the URL through the pooler */
export async function startPooler(
  url: string,
  connections = 3,
  mode: 'session' | 'transaction' = 'transaction',
): Promise<string> {
  const servers = await Promise.all(Array.from({ length: connections }, () => connectServer(url)));
  const waiting: ((server: ServerConnection) => void)[] = [];
  let next = 0;

  function acquire(client: Socket): Promise<ServerConnection> {
    const free = [...servers.slice(next), ...servers.slice(0, next)].find((server) => server.client === undefined);
    if (free === undefined)
      return new Promise((resolve) => waiting.push(resolve)).then((server) => take(server as ServerConnection));
    return Promise.resolve(take(free));

    function take(server: ServerConnection): ServerConnection {
      next = (servers.indexOf(server) + 1) % servers.length;
      server.client = client;
      return server;
    }
  }

  function release(server: ServerConnection): void {
    server.client = undefined;
    waiting.shift()?.(server);
  }

  for (const server of servers) {
    server.socket.on(
      'data',
      frames((type, frame) => {
        server.client?.write(frame);
        if (type !== 'Z') return;
        server.asked -= 1;
        if (mode === 'transaction' && server.asked === 0 && frame.at(5) === 'I'.charCodeAt(0)) release(server);
      }),
    );
  }

  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    sockets.add(client);
    client.setNoDelay(true);
    let mine: Promise<ServerConnection> | undefined;
    let lane = Promise.resolve();
    const onFrame = frames((type, frame) => {
      if (type === 'X') {
        client.end();
        return;
      }
      const pass = async (): Promise<void> => {
        const current = await mine;
        const server = current?.client === client ? current : await (mine = acquire(client));
        if (type === 'Q' || type === 'S') server.asked += 1;
        server.socket.write(frame);
      };
      lane = lane.then(pass);
    });
    client.on('error', () => undefined);
    client.on('close', () => {
      if (mode === 'session') void mine?.then(release);
    });
    let isStarted = false;
    client.on('data', (data: Buffer) => {
      if (isStarted) {
        onFrame(data);
        return;
      }
      if (data.readInt32BE(4) === SSL_REQUEST) {
        client.write('N');
        return;
      }
      isStarted = true;
      if (data.includes('\0database\0pgbouncer\0')) {
        client.end(message('E', Buffer.from('SFATAL\0C08P01\0Mnot allowed\0\0')));
        return;
      }
      client.write(
        Buffer.concat([message('R', int32(0)), message('K', int32(7), int32(7)), message('Z', Buffer.from('I'))]),
      );
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => {
    listener.close();
    for (const socket of [...sockets, ...servers.map(({ socket: server }) => server)]) socket.destroy();
  });
  return Object.assign(new URL(url), { port: String((listener.address() as AddressInfo).port) }).href;
}

/** Its socket, past the password. */
async function connectServer(url: string): Promise<ServerConnection> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  // A real one replaces connections that the server ends.
  await client.query('set idle_session_timeout = 0');
  const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
  socket.removeAllListeners('data');
  socket.setNoDelay(true);
  return { socket, asked: 0 };
}
