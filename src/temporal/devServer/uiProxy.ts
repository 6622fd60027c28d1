/**
 * Stands before the UI of Temporal's development server, which answers any Host: a page of any site could read through it what
 * workflows hold, and send updates.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { isLocalRequest } from '../../process/localRequests.js';
import { listenAt } from '../../process/listening.js';
import { freePort } from '../../process/ports.js';

const HOST = '127.0.0.1';

export interface UiPlace {
  readonly host: string;
  readonly port: number;
}

/** Where the UI itself listens: nobody finds it who is not told. On Linux every address of 127.0.0.0/8 is this machine. */
export async function hiddenUiPlace(): Promise<UiPlace> {
  const [a = 1, b = 1, c = 1] = randomBytes(3);
  const host = process.platform === 'linux' ? `127.${a}.${b}.${1 + (c % 254)}` : HOST;
  return { host, port: await freePort() };
}

/** @throws CodedError `CAEP_PORT_TAKEN` */
export async function startUiProxy(port: number, ui: UiPlace): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((incoming, response) => {
    if (isLocalRequest(incoming.headers, HOST)) passOn(incoming, response, ui);
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

function passOn(incoming: IncomingMessage, response: ServerResponse, { host, port }: UiPlace): void {
  const { method, url: path, headers } = incoming;
  const outgoing = request({ host, port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  outgoing.on('error', () => {
    if (response.headersSent) response.destroy();
    else refuse(response, 502, 'The Temporal UI does not answer.');
  });
  incoming.on('error', () => outgoing.destroy());
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
