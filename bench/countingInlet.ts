/**
 * A destination that answers like the inlet, counts how often each numbered event came, and does nothing else: what it
 * costs is taken from the cores that are measured.
 *
 * Usage: `countingInlet.js PORT`; prints `listening on PORT`. Everything below `/collection/` is the inlet. Beside it:
 *
 * | request | does |
 * | --- | --- |
 * | `POST /expect` `{run, events, delayMs, answers}` | starts counting anew |
 * | `POST /answer` `{answers}` | false: cuts each connection in place of an answer |
 * | `GET /report` | `{received, foreign, distinct, repeated, lastMs}` |
 * | `GET /counts` | one byte for each event: how often it came |
 * | `GET /times` | one double for each event: when it was answered first, monotonic ms |
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { findMessage } from './rig/http.js';
import { numberPrefix, readNumber } from './rig/events.js';

interface Expectation {
  readonly run: number;
  readonly events: number;
  readonly delayMs: number;
  readonly answers: boolean;
}

let expected: Expectation = { run: 0, events: 0, delayMs: 0, answers: true };
let prefix = Buffer.from(numberPrefix(0));
let counts = new Uint8Array(0);
let answeredMs = new Float64Array(0);
let received = 0;
let foreign = 0;
let distinct = 0;
let repeated = 0;
let lastMs = 0;
let xactions = 0;

function serve(socket: Socket): void {
  let rest: Buffer | undefined;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    let data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    for (let message = findMessage(data); message !== undefined; message = findMessage(data)) {
      answer(socket, data, message.bodyStart, message.end);
      data = data.subarray(message.end);
      if (data.length === 0) break;
    }
    rest = data.length === 0 ? undefined : data;
  });
}

function answer(socket: Socket, request: Buffer, bodyStart: number, end: number): void {
  const start = request.toString('latin1', 0, 18);
  if (!start.startsWith('POST /collection/')) {
    administer(socket, start, request.subarray(bodyStart, end));
  } else if (!expected.answers) {
    socket.destroy();
  } else if (expected.delayMs === 0) {
    take(socket, request, bodyStart);
  } else {
    const copy = Buffer.from(request.subarray(bodyStart, end));
    setTimeout(() => take(socket, copy, 0), expected.delayMs);
  }
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
    } else if (before === 1) repeated += 1;
  }
  const nowMs = Date.now();
  xactions += 1;
  reply(socket, `{"inletId":"bench","xactionId":"${nowMs}:${7_000_000 + xactions}:25","receivedTimeMs":${nowMs}}`);
}

function administer(socket: Socket, start: string, body: Buffer): void {
  if (start.startsWith('POST /expect')) {
    expected = JSON.parse(body.toString()) as Expectation;
    prefix = Buffer.from(numberPrefix(expected.run));
    counts = new Uint8Array(expected.events);
    answeredMs = new Float64Array(expected.events);
    received = 0;
    foreign = 0;
    distinct = 0;
    repeated = 0;
    reply(socket, '{}');
  } else if (start.startsWith('POST /answer')) {
    expected = { ...expected, ...(JSON.parse(body.toString()) as Partial<Expectation>) };
    reply(socket, '{}');
  } else if (start.startsWith('GET /counts')) {
    replyBytes(socket, Buffer.from(counts.buffer));
  } else if (start.startsWith('GET /times')) {
    replyBytes(socket, Buffer.from(answeredMs.buffer));
  } else if (start.startsWith('GET /report')) {
    reply(socket, JSON.stringify({ received, foreign, distinct, repeated, lastMs }));
  } else {
    // A liveness request of the connection check: an inlet answers GET with a status of its own.
    reply(socket, '{}');
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

const server = createServer(serve);
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});
