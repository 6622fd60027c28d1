/** The listening socket, which can refuse connections for a while as a service that is away does. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { listenAt } from '../../src/process/listening.js';

export interface Listener {
  readonly port: number;
  /** Ends every connection and listens again after `ms`. */
  refuseConnections(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** @throws CodedError `CAEP_PORT_TAKEN`, `CAEP_LISTEN_REFUSED` */
export async function listen(server: Server, host: string, wantedPort: number): Promise<Listener> {
  await listenOn(server, host, wantedPort);
  const { port } = server.address() as AddressInfo;

  async function close(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  let isClosing = false;
  return {
    port,
    async refuseConnections(ms) {
      await close();
      await delay(ms);
      if (!isClosing) await listenOn(server, host, port);
    },
    close() {
      isClosing = true;
      return close();
    },
  };
}

async function listenOn(server: Server, host: string, port: number): Promise<void> {
  await listenAt(server, { host, port, service: 'the simulator', option: '--host and --port' });
}
