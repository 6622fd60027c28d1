/**
 * The load generator: posts numbered events over connections that stay open, each with one request at a time.
 *
 * Usage: `load.js ORDER` with the order as JSON; prints one line of JSON, the result. A request that was not answered 2xx is made
 * again, with the same event, as a careful sender would.
 */
import { connect, type Socket } from 'node:net';
import { writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { createTemplates, writeNumber, type Template } from './rig/events.js';
import { findMessage } from './rig/http.js';
import type { LoadOrder, LoadResult, LoadTarget } from './rig/load.js';

/** Of all targets together: each has its own copy of them. */
const TEMPLATES = 2_048;
const TEMPLATES_OF_A_TARGET = 64;
const AGAIN_AFTER_MS = 100;

const order = JSON.parse(process.argv[2] ?? '{}') as LoadOrder;
const templates = createTemplates(
  order.run,
  Math.max(TEMPLATES_OF_A_TARGET, Math.ceil(TEMPLATES / order.targets.length)),
  order.body,
);
const acknowledged = new Uint8Array(order.events);
const answeredMs = new Float64Array(order.events);
const tookMs = new Float32Array(order.events);
let next = 0;
let notTaken = 0;
let reconnects = 0;

interface Request {
  readonly bytes: Buffer;
  readonly numberAt: readonly number[];
}

/** Head and body of each template for one target, made once. */
function requestsTo({ host, port, paths }: LoadTarget): Request[] {
  return templates.map(({ kind, body, numberAt }: Template) => {
    const head = `POST ${paths[kind] ?? ''} HTTP/1.1\r\nhost: ${host}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    return { bytes: Buffer.concat([Buffer.from(head), body]), numberAt: numberAt.map((at) => at + head.length) };
  });
}

/** One connection: sends events until there are none left. */
function sendAll(
  target: LoadTarget,
  requests: readonly Request[],
  due: () => Promise<void> | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const buffer = Buffer.allocUnsafe(Math.max(...requests.map(({ bytes }) => bytes.length)));
    /** Of the event that this connection sends next, from before its time on: -1 between two. */
    let number = -1;
    let isDue = false;
    let length = 0;
    let sentMs = 0;
    let rest: Buffer | undefined;
    let socket: Socket;

    const open = (): void => {
      rest = undefined;
      socket = connect(target.port, target.host);
      socket.setNoDelay(true);
      socket.on('connect', () => {
        if (number === -1) begin();
        else if (isDue) send();
      });
      socket.on('data', onData);
      socket.on('error', () => undefined);
      socket.on('close', onClose);
    };
    const onClose = (): void => {
      if (next >= order.events && number === -1) return;
      reconnects += 1;
      setTimeout(open, AGAIN_AFTER_MS);
    };
    const begin = (): void => {
      if (next >= order.events) {
        socket.end();
        resolve();
        return;
      }
      number = next++;
      isDue = false;
      const pause = due();
      if (pause === undefined) prepare();
      else void pause.then(prepare);
    };
    const prepare = (): void => {
      isDue = true;
      const request = requests[number % requests.length] as Request;
      length = request.bytes.copy(buffer);
      for (const at of request.numberAt) writeNumber(buffer, at, number);
      sentMs = performance.now();
      // A connection that was closed meanwhile is being opened anew.
      if (socket.readyState === 'open') send();
    };
    const send = (): void => {
      socket.write(buffer.subarray(0, length));
    };
    const onData = (chunk: Buffer): void => {
      const data = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      if (findMessage(data) === undefined) {
        rest = data;
        return;
      }
      rest = undefined;
      // "HTTP/1.1 2xx"
      if (data[9] === 0x32) {
        const now = performance.now();
        acknowledged[number] = 1;
        answeredMs[number] = performance.timeOrigin + now;
        tookMs[number] = now - sentMs;
        number = -1;
        begin();
      } else {
        notTaken += 1;
        setTimeout(() => {
          if (!socket.destroyed) send();
        }, AGAIN_AFTER_MS);
      }
    };
    open();
  });
}

/** At a rate: each event has its time, whatever became of those before. */
function createPace(): () => Promise<void> | undefined {
  if (order.perSecond === undefined) return () => undefined;
  const startMs = performance.now();
  const perSecond = order.perSecond;
  let given = 0;
  return () => {
    const waitMs = startMs + (given++ * 1_000) / perSecond - performance.now();
    return waitMs > 0 ? delay(waitMs) : undefined;
  };
}

function quantile(sorted: Float32Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const requests = order.targets.map(requestsTo);
const due = createPace();
const cpuBefore = process.cpuUsage();
const startedMs = performance.timeOrigin + performance.now();
await Promise.all(
  Array.from({ length: order.connections }, (_, index) => {
    const target = index % order.targets.length;
    return sendAll(order.targets[target] as LoadTarget, requests[target] as Request[], due);
  }),
);
const endedMs = performance.timeOrigin + performance.now();
const { user, system } = process.cpuUsage(cpuBefore);

if (order.acknowledgedFile !== undefined) writeFileSync(order.acknowledgedFile, acknowledged);
if (order.answeredFile !== undefined) writeFileSync(order.answeredFile, Buffer.from(answeredMs.buffer));
const sorted = tookMs.sort();
const result: LoadResult = {
  acknowledged: acknowledged.reduce((sum, one) => sum + one, 0),
  notTaken,
  reconnects,
  startedMs,
  endedMs,
  cpuSeconds: (user + system) / 1e6,
  p50Ms: quantile(sorted, 0.5),
  p99Ms: quantile(sorted, 0.99),
  maxMs: quantile(sorted, 1),
};
console.log(JSON.stringify(result));
