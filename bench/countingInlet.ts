/**
 * A destination that answers like the inlet, counts how often each numbered event came, and does nothing else: what it
 * costs is taken from the cores that are measured.
 *
 * Usage: `countingInlet.js`; prints `inlet PORT admin PORT`. The second port takes orders, and stands for the rest of Adobe:
 *
 * | request | does |
 * | --- | --- |
 * | `POST /expect` `{run, events, delayMs, hang}` | starts counting anew; `hang` `{every, ms}`: each so many-th request is answered so late |
 * | `POST /open`, `POST /close` | the inlet takes connections, or refuses them |
 * | `GET /report` | `{received, foreign, distinct, repeated, lastMs}` |
 * | `GET /counts` | one byte for each event: how often it came |
 * | `GET /times` | one double for each event: when it was answered first, ms |
 * | `GET /ids` | four bytes for each event: the first digits of its event id, as a number |
 * | anything else | a token, and a flow that is enabled |
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { findMessage } from './rig/http.js';
import { numberPrefix, readNumber } from './rig/events.js';

interface Expectation {
  readonly run: number;
  readonly events: number;
  readonly delayMs: number;
  readonly hang?: { readonly every: number; readonly ms: number };
}

let expected: Expectation = { run: 0, events: 0, delayMs: 0 };
let prefix = Buffer.from(numberPrefix(0));
let counts = new Uint8Array(0);
let answeredMs = new Float64Array(0);
let idStarts = new Uint32Array(0);
let asked = 0;
let received = 0;
let foreign = 0;
let distinct = 0;
let repeated = 0;
let lastMs = 0;
let xactions = 0;

type Handler = (socket: Socket, data: Buffer, bodyStart: number, end: number) => void;

const connections = new Set<Socket>();

function serve(socket: Socket, handle: Handler): void {
  let rest: Buffer | undefined;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    let data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    for (let message = findMessage(data); message !== undefined; message = findMessage(data)) {
      handle(socket, data, message.bodyStart, message.end);
      data = data.subarray(message.end);
      if (data.length === 0) break;
    }
    rest = data.length === 0 ? undefined : data;
  });
}

function answer(socket: Socket, request: Buffer, bodyStart: number, end: number): void {
  const delayMs = delayOfNext();
  if (delayMs === 0) {
    take(socket, request, bodyStart);
  } else {
    const copy = Buffer.from(request.subarray(bodyStart, end));
    setTimeout(() => take(socket, copy, 0), delayMs);
  }
}

function delayOfNext(): number {
  const { hang, delayMs } = expected;
  asked += 1;
  return hang !== undefined && asked % hang.every === 0 ? hang.ms : delayMs;
}

function take(socket: Socket, request: Buffer, bodyStart: number): void {
  const at = request.indexOf(prefix, bodyStart);
  received += 1;
  const number = at === -1 ? counts.length : readNumber(request, at + prefix.length);
  if (number >= counts.length) foreign += 1;
  else {
    const before = counts[number] as number;
    counts[number] = Math.min(before + 1, 255);
    lastMs = performance.timeOrigin + performance.now();
    if (before === 0) {
      distinct += 1;
      answeredMs[number] = lastMs;
      idStarts[number] = idStartIn(request, bodyStart);
    } else if (before === 1) repeated += 1;
  }
  const nowMs = Date.now();
  xactions += 1;
  reply(socket, `{"inletId":"bench","xactionId":"${nowMs}:${7_000_000 + xactions}:25","receivedTimeMs":${nowMs}}`);
}

const EVENT_ID = Buffer.from('"eventId":"');
const ID_DIGITS = 8;

/** 0 if there is none. */
function idStartIn(request: Buffer, bodyStart: number): number {
  const at = request.indexOf(EVENT_ID, bodyStart) + EVENT_ID.length;
  return at < EVENT_ID.length ? 0 : Number.parseInt(request.toString('latin1', at, at + ID_DIGITS), 16);
}

function administer(socket: Socket, request: Buffer, bodyStart: number, end: number): void {
  const order = request.toString('latin1', 0, request.indexOf(' HTTP/'));
  switch (order) {
    case 'POST /expect':
      expected = JSON.parse(request.toString('utf8', bodyStart, end)) as Expectation;
      prefix = Buffer.from(numberPrefix(expected.run));
      counts = new Uint8Array(expected.events);
      answeredMs = new Float64Array(expected.events);
      idStarts = new Uint32Array(expected.events);
      received = foreign = distinct = repeated = 0;
      return reply(socket, '{}');
    case 'POST /open':
      inlet.listen(inletPort, '127.0.0.1', () => reply(socket, '{}'));
      return undefined;
    case 'POST /close':
      inlet.close(() => reply(socket, '{}'));
      for (const connection of connections) connection.destroy();
      return undefined;
    case 'GET /report':
      return reply(socket, JSON.stringify({ received, foreign, distinct, repeated, lastMs }));
    case 'GET /counts':
      return replyBytes(socket, Buffer.from(counts.buffer));
    case 'GET /times':
      return replyBytes(socket, Buffer.from(answeredMs.buffer));
    case 'GET /ids':
      return replyBytes(socket, Buffer.from(idStarts.buffer));
    default:
      return reply(
        socket,
        '{"access_token":"bench","expires_in":86399,"items":[{"id":"bench-flow","state":"enabled"}]}',
      );
  }
}

function reply(socket: Socket, json: string): void {
  socket.write(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: keep-alive\r\nkeep-alive: timeout=60\r\ncontent-length: ${json.length}\r\n\r\n${json}`,
    'latin1',
  );
}

function replyBytes(socket: Socket, bytes: Buffer): void {
  socket.write(
    `HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: ${bytes.length}\r\n\r\n`,
    'latin1',
  );
  socket.write(bytes);
}

const inlet = createServer((socket) => {
  connections.add(socket);
  socket.on('close', () => connections.delete(socket));
  serve(socket, answer);
});
const admin = createServer((socket) => serve(socket, administer));
inlet.listen(0, '127.0.0.1');
admin.listen(0, '127.0.0.1');
await Promise.all([once(inlet, 'listening'), once(admin, 'listening')]);
const inletPort = portOf(inlet);
console.log(`inlet ${inletPort} admin ${portOf(admin)}`);

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
