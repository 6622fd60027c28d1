/** A way to PostgreSQL on which a failover comes at one statement. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { frames, message } from './wire.js';

/**
 * `lost-before`: the connection breaks before the server has the statement. `lost-after`: the server has carried it out, and
 * its answer is lost. `standby`: the server is one that only reads, as one that was taken over from, or has not taken over yet.
 * `shutdown`: the server says that it ends, and does.
 */
export const FAILOVERS = ['lost-before', 'lost-after', 'standby', 'shutdown'] as const;
export type Failover = (typeof FAILOVERS)[number];

interface Failing {
  readonly url: string;
  /** From the next statement on, each counts from 1. */
  arm(at: number, failover: Failover): void;
  /** Whether that statement was reached. */
  hasFailed(): boolean;
}

/** A simple query is one message; an extended one begins with either of the others, and ends with Sync. */
const BEGINS = new Set(['Q', 'P', 'B']);
const ENDS = new Set(['Q', 'S']);

export async function startFailing(url: string): Promise<Failing> {
  const { hostname, port } = new URL(url);
  let armed: { readonly at: number; readonly failover: Failover } | undefined;
  let count = 0;
  const sockets = new Set<Socket>();

  const server = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) });
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true).on('error', end).on('close', end);
    }
    /** Of the statement that is being sent. */
    let meets: Failover | 'nothing' | undefined;
    let isAnswerLost = false;
    let isStarted = false;
    const ask = frames((type, frame) => {
      if (meets === undefined && BEGINS.has(type)) {
        count += 1;
        meets = count === armed?.at ? armed.failover : 'nothing';
      }
      const meeting = meets ?? 'nothing';
      if (ENDS.has(type)) meets = undefined;
      if (meeting === 'lost-before') end();
      else if (meeting === 'standby' || meeting === 'shutdown') {
        if (ENDS.has(type)) answer(near, meeting);
      } else {
        isAnswerLost ||= meeting === 'lost-after';
        far.write(frame);
      }
    });
    near.on('data', (data: Buffer) => {
      if (isStarted) ask(data);
      else far.write(data);
      isStarted = true;
    });
    far.on(
      'data',
      frames((type, frame) => {
        if (!isAnswerLost) near.write(frame);
        else if (type === 'Z') end();
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    url: Object.assign(new URL(url), { port: String((server.address() as AddressInfo).port) }).href,
    arm(at, failover) {
      count = 0;
      armed = { at, failover };
    },
    hasFailed: () => armed !== undefined && count >= armed.at,
  };
}

const SAID = {
  standby: ['ERROR', '25006', 'cannot execute this statement in a read-only transaction'],
  shutdown: ['FATAL', '57P01', 'terminating connection due to administrator command'],
} as const;

function answer(client: Socket, failover: keyof typeof SAID): void {
  const [severity, code, text] = SAID[failover];
  const error = message('E', Buffer.from(`S${severity}\0V${severity}\0C${code}\0M${text}\0\0`));
  if (failover === 'shutdown') client.end(error);
  else client.write(Buffer.concat([error, message('Z', Buffer.from('E'))]));
}
