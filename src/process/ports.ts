/** TCP ports on loopback. */
import { createServer } from 'node:net';
import { codedError } from '../domain/errors.js';

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  return (await tryListen(0)) ?? freePort();
}

export async function isPortFree(port: number): Promise<boolean> {
  return (await tryListen(port)) !== undefined;
}

/**
 * @param service who wants it, for the message
 * @param option with which a person chooses another one, for the message
 * @throws CodedError `CAEP_PORT_TAKEN`
 */
export async function assertPortFree(port: number, service: string, option: string): Promise<void> {
  if (!(await isPortFree(port))) throw codedError('CAEP_PORT_TAKEN', { port: String(port), service, option });
}

/** Listens for a moment; undefined when the port is taken. */
function tryListen(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
