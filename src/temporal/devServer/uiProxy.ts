/**
 * Stands before a Temporal UI on this machine, which answers any Host: a page of any site could read through it what
 * workflows hold, and send updates.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isLocalRequest } from '../../process/http/localRequests.js';
import { listenAt } from '../../process/listening.js';
import { passOn, refuse, type Upstream } from '../../process/http/passOn.js';
import { freePort } from '../../process/ports.js';

const HOST = '127.0.0.1';

/** Where the UI itself listens: nobody finds it who is not told. On Linux every address of 127.0.0.0/8 is this machine. */
export async function hiddenUiPlace(): Promise<Upstream> {
  const [a = 1, b = 1, c = 1] = randomBytes(3);
  const host = process.platform === 'linux' ? `127.${a}.${b}.${1 + (c % 254)}` : HOST;
  return { host, port: await freePort() };
}

/** @throws CodedError `CAEP_PORT_TAKEN` */
export async function startUiProxy(port: number, ui: Upstream): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((incoming, response) => {
    if (isLocalRequest(incoming.headers, HOST)) void answer(incoming, response, ui);
    else
      refuse(
        response,
        403,
        'Open this page as localhost or 127.0.0.1; other host names and requests from other pages are refused.',
      );
  });
  await listenAt(server, {
    host: HOST,
    port,
    service: 'the Temporal UI',
    option: 'CHATLIO_AEP_TEMPORAL_UI_PORT',
  });
  return {
    url: `http://${HOST}:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(incoming: IncomingMessage, response: ServerResponse, ui: Upstream): Promise<void> {
  if (!(await passOn(incoming, response, ui))) refuse(response, 502, 'The Temporal UI does not answer.');
}
