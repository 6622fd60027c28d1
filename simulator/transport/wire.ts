/** Requests and answers as they are on the wire. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './request.js';

/** Above the largest body that any documented route takes; more than this ends the connection. */
const LONGEST_BODY_BYTES = 32 * 1024 * 1024;

export function replyText(reply: Extract<Reply, { status: number }>): string | Buffer {
  return reply.json === undefined ? (reply.text ?? '') : JSON.stringify(reply.json);
}

export function send(response: ServerResponse, reply: Reply, requestId: string): void {
  if ('cut' in reply) {
    response.socket?.resetAndDestroy();
    return;
  }
  if ('hang' in reply) return;
  const body = replyText(reply);
  response.writeHead(reply.status, {
    ...(reply.json === undefined ? {} : { 'content-type': 'application/json;charset=UTF-8' }),
    ...(reply.status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }),
    'x-request-id': requestId,
    ...reply.headers,
  });
  response.end(reply.status === 204 ? undefined : body);
}

export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LONGEST_BODY_BYTES) throw new Error('request body too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const mark = target.indexOf('?');
  if (mark < 0) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

export function baseUrlOf(incoming: IncomingMessage): string {
  const forwarded = incoming.headers['x-forwarded-proto'];
  const scheme = typeof forwarded === 'string' ? forwarded : 'http';
  return `${scheme}://${incoming.headers.host ?? 'localhost'}`;
}
