/** Answers a request with what another server on this machine answers to it. */
import { type IncomingMessage, request, type ServerResponse } from 'node:http';

export interface Upstream {
  readonly host: string;
  readonly port: number;
}

/** @returns false where there is no connection: nothing of the request was sent, and nothing answered */
export function passOn(incoming: IncomingMessage, response: ServerResponse, upstream: Upstream): Promise<boolean> {
  return new Promise((resolve) => {
    const { method, url: path, headers } = incoming;
    let isConnected = false;
    // A connection of its own: on one that is used again the server may have gone away in the middle of a request.
    const outgoing = request({ ...upstream, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    outgoing.once('socket', (socket) =>
      socket.once('connect', () => {
        isConnected = true;
        incoming.pipe(outgoing);
        resolve(true);
      }),
    );
    outgoing.on('error', () => {
      if (!isConnected) resolve(false);
      else if (response.headersSent) response.destroy();
      else refuse(response, 502, 'The server behind this one has not answered.');
    });
    incoming.on('error', () => outgoing.destroy());
    response.on('close', () => outgoing.destroy());
  });
}

export function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}
