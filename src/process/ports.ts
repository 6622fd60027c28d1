/** TCP ports on loopback. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { listenFault } from './listening.js';

/**
 * Ports that no system hands to outgoing connections by default (Linux 32768 to 60999, macOS and Windows from 49152), so
 * that one which is free now is still free seconds later, when its server is up.
 */
const LISTENING = { from: 20_000, to: 32_767 };
const LOOPBACK = '127.0.0.1';
const handedOut = new Set<number>();

/** A port that nobody listens on at this moment; never the same twice from one process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LISTENING.from, LISTENING.to + 1);
    if (handedOut.has(port) || !(await isPortFree(port))) continue;
    handedOut.add(port);
    return port;
  }
}

/** Listens on it for a moment. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await faultOfPort(port)) === undefined;
}

/**
 * @param service who wants it, for the message
 * @param option with which a person chooses another one, for the message
 * @throws CodedError `CAEP_PORT_TAKEN`, `CAEP_LISTEN_REFUSED`
 */
export async function assertPortFree(port: number, service: string, option: string): Promise<void> {
  const fault = await faultOfPort(port);
  if (fault !== undefined) throw listenFault(fault, { host: LOOPBACK, port, service, option });
}

function faultOfPort(port: number): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
