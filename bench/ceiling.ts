/**
 * The ceiling that the product's throughput is compared with: what the same machine does without any durability.
 *
 * A node:http server parses each request as JSON, writes it out again and POSTs it with undici over 64 connections, and
 * answers 200 once the POST was answered. Nothing is stored; what it holds is lost with it. Fixed: not changed between
 * releases, so that ratios stay comparable.
 *
 * Usage: `tsx bench/ceiling.ts TARGET_URL [PORT]`; prints `listening on PORT` when ready.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

const target = new URL(process.argv[2] ?? 'http://127.0.0.1:9999/collection/ceiling');
const pool = new Pool(target.origin, { connections: 64, pipelining: 1 });
const path = target.pathname + target.search;

async function forward(chunks: Buffer[], response: ServerResponse): Promise<void> {
  const body = JSON.stringify(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  const answer = await pool.request({ method: 'POST', path, headers: { 'content-type': 'application/json' }, body });
  await answer.body.dump();
  response.writeHead(answer.statusCode).end();
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    forward(chunks, response).catch(() => response.writeHead(502).end());
  });
});

server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});
