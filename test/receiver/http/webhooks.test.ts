/** What becomes of one request: by its URL, by its body, and by what the log says to it. */
import { createHash } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { webhookPath } from '../../../src/domain/events/webhookPath.js';
import { createByteBudget } from '../../../src/receiver/http/byteBudget.js';
import { indexRoutes } from '../../../src/receiver/http/routeCheck.js';
import { createWebhooks, NOT_FOUND, UNAVAILABLE, type WebhooksOptions } from '../../../src/receiver/http/webhooks.js';
import type { IntakeEvent, TakenAs } from '../../../src/receiver/intake.js';
import type { KnownRoute } from '../../../src/receiver/routeCache.js';
import { openEvent, ORIGINAL_FORM } from '../../../src/store/bodies/originals.js';
import { bodyContext } from '../../../src/store/keys/contexts.js';
import { type KeyRing, openKeyRing } from '../../../src/store/keys/keyRing.js';
import type { NoPlace } from '../../../src/store/log/arrival.js';
import { EXAMPLES } from '../../chatlio/examples.js';
import { temporaryFolder } from '../../support/processes.js';

const MIB = 1024 * 1024;
/** What a request counts for beside its body. */
const REQUEST_BYTES = 16 * 1024;
const PRIVATE = 'a very private text';
const EVENT = JSON.stringify({ ...EXAMPLES.feedback, message: PRIVATE });
const NO_EVENT = `{"message":"${PRIVATE}", oops`;
const SECRET = 'the-secret-of-this-route';
const ADDRESS = { widget: 'w', kind: 'feedback' as const };
const PATH = webhookPath({ ...ADDRESS, secret: SECRET });
const ROUTE: KnownRoute = {
  ...ADDRESS,
  sourceId: 7,
  partitions: 4,
  secretSha256: createHash('sha256').update(SECRET).digest('hex'),
};
/** What a log line may say of it. */
const REQUEST_ID = '0b9a3f6e2c1d4e7f';
const NAMED = { requestId: REQUEST_ID, sourceId: 7, ...ADDRESS };

let keyRing: KeyRing;

beforeEach(async () => {
  keyRing = await openKeyRing(join(temporaryFolder(), 'keys.json'), { create: true });
});

afterEach(() => {
  vi.useRealTimers();
});

interface World {
  /** Null: none are known. */
  readonly route?: Partial<KnownRoute> | null;
  readonly isNone?: boolean;
  readonly take?: (event: IntakeEvent) => Promise<TakenAs | NoPlace>;
  readonly maxBytes?: number;
  readonly keyRing?: WebhooksOptions['keyRing'];
}

function webhooks({ route = {}, isNone = true, take = () => Promise.resolve('logged'), ...rest }: World = {}) {
  const { maxBytes = 128 * MIB } = rest;
  const budget = createByteBudget(maxBytes, maxBytes);
  const seen = { count: vi.fn(), onNearMiss: vi.fn(), take: vi.fn(take), warn: vi.fn(), error: vi.fn() };
  const table = route === null ? undefined : indexRoutes([{ ...ROUTE, ...route }]);
  const answerTo = createWebhooks({
    routes: { current: () => table, isNone: () => isNone },
    keyRing: rest.keyRing ?? keyRing,
    intake: { take: seen.take },
    budget,
    count: seen.count,
    onNearMiss: seen.onNearMiss,
    log: seen,
  });
  const handle = (request: IncomingMessage) => answerTo(request, REQUEST_ID);
  const isAllGivenBack = (): boolean => {
    const other = budget.open('other');
    const isFree = other.add(maxBytes - REQUEST_BYTES);
    other.close();
    return isFree;
  };
  const counted = () => seen.count.mock.calls.flat();
  return { ...seen, handle, budget, counted, isAllGivenBack };
}

/** A request whose body has not ended. */
function begun(path: string, headers: IncomingMessage['headers'] = {}): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { url: path, headers });
}

function posted(body: string | Buffer, path = PATH, headers: IncomingMessage['headers'] = {}): IncomingMessage {
  const request = begun(path, headers);
  request.push(body);
  request.push(null);
  return Object.assign(request, { complete: true });
}

describe('a webhook URL', () => {
  it('is answered with 503 while no routes are known, whatever it is', async () => {
    for (const path of [PATH, '/no/webhook']) {
      const { handle, counted, take } = webhooks({ route: null });
      expect(await handle(posted(EVENT, path))).toBe(UNAVAILABLE);
      expect(counted()).toEqual(['no-routes']);
      expect(take).not.toHaveBeenCalled();
    }
  });

  it('that is none is not found, and near nothing, whatever is known of secrets', async () => {
    for (const isNone of [true, false]) {
      const { handle, counted, onNearMiss } = webhooks({ isNone });
      expect(await handle(posted(EVENT, '/no/webhook'))).toBe(NOT_FOUND);
      expect(counted()).toEqual(['not-found']);
      expect(onNearMiss).not.toHaveBeenCalled();
    }
  });

  it('with a secret that has no route for certain is not found, and the routes near it are told', async () => {
    const { handle, counted, onNearMiss, take } = webhooks();
    expect(await handle(posted(EVENT, `${PATH}x`))).toBe(NOT_FOUND);
    expect(counted()).toEqual(['not-found']);
    expect(onNearMiss.mock.calls).toEqual([[[ROUTE]]]);
    expect(take).not.toHaveBeenCalled();
  });

  it('with a secret that may be newer than what is known is answered with 503, and no near miss', async () => {
    const { handle, counted, onNearMiss } = webhooks({ isNone: false });
    expect(await handle(posted(EVENT, `${PATH}x`))).toBe(UNAVAILABLE);
    expect(counted()).toEqual(['no-routes']);
    expect(onNearMiss).not.toHaveBeenCalled();
  });

  it('whose route has vanished is answered with 503', async () => {
    const { handle, counted, take } = webhooks({ route: { hasVanished: true } });
    expect(await handle(posted(EVENT))).toBe(UNAVAILABLE);
    expect(counted()).toEqual(['no-routes']);
    expect(take).not.toHaveBeenCalled();
  });
});

describe('a body that cannot be read', () => {
  it('because its sender has gone is answered to nobody, and counted nowhere', async () => {
    const { handle, counted, isAllGivenBack, take } = webhooks();
    const request = begun(PATH);
    request.push(EVENT.slice(0, 20));
    const answer = handle(request);
    request.destroy();
    expect(await answer).toBeUndefined();
    expect(counted()).toEqual([]);
    expect(take).not.toHaveBeenCalled();
    expect(isAllGivenBack()).toBe(true);
  });

  it.each([
    ['is larger than 10 MB', { 'content-length': String(10 * MIB + 1) }, 413, 'too-large', 'error'],
    ['is coded in an unknown way', { 'content-encoding': 'br' }, 415, 'unknown-coding', 'error'],
  ] as const)('because it %s is refused, with its route in the log', async (_why, headers, status, outcome, level) => {
    const seen = webhooks();
    const answer = await seen.handle(posted(EVENT, PATH, headers));
    expect(answer?.status).toBe(status);
    expect(answer?.headers?.['accept-encoding']).toBe(status === 415 ? 'gzip, deflate' : undefined);
    expect(seen.counted()).toEqual([outcome]);
    expect(seen[level].mock.calls).toEqual([[NAMED, expect.stringContaining('refused')]]);
    expect(seen.take).not.toHaveBeenCalled();
    expect(seen.isAllGivenBack()).toBe(true);
  });

  it('because there is no room for it is refused for now', async () => {
    const { handle, counted, warn, isAllGivenBack } = webhooks({ maxBytes: REQUEST_BYTES + 10 });
    expect(await handle(posted(EVENT))).toBe(UNAVAILABLE);
    expect(counted()).toEqual(['no-room']);
    expect(warn.mock.calls).toEqual([[NAMED, expect.stringContaining('memory')]]);
    expect(isAllGivenBack()).toBe(true);
  });

  it('because it does not arrive in time is refused', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { handle, counted, warn, isAllGivenBack } = webhooks();
    const request = begun(PATH);
    request.push(EVENT.slice(0, 20));
    const answer = handle(request);
    vi.advanceTimersByTime(15_000);
    expect(await answer).toMatchObject({ status: 408 });
    expect(counted()).toEqual(['too-slow']);
    expect(warn.mock.calls).toEqual([[NAMED, expect.stringContaining('in time')]]);
    expect(isAllGivenBack()).toBe(true);
  });
});

describe('a body that is read', () => {
  async function intakeOf(body: string, route: Partial<KnownRoute> = {}) {
    const { handle, take } = webhooks({ route });
    const answer = await handle(posted(body));
    const [arriving] = take.mock.calls[0] ?? [];
    if (arriving === undefined) throw new Error('nothing was taken');
    const opened = (): string =>
      keyRing.open(arriving.event.sealed, bodyContext(arriving.sourceId, arriving.event.eventId)).toString();
    return { answer, arriving, opened };
  }

  it('is taken as an event of its source, sealed, with its id in the answer', async () => {
    const { answer, arriving, opened } = await intakeOf(EVENT);
    expect(arriving).toMatchObject({ sourceId: 7, outcome: 'event', event: { widget: 'w' } });
    expect(arriving.partition).toBeLessThan(4);
    expect(JSON.parse(opened())).toMatchObject({ eventId: arriving.event.eventId.toString('hex'), widgetKey: 'w' });
    expect(arriving.event.sealed.includes(PRIVATE)).toBe(false);
    const eventId = arriving.event.eventId.toString('hex');
    expect(answer).toEqual({ status: 200, body: { eventId, arrival: 'logged' }, eventId });
    expect(arriving.event).not.toHaveProperty('form');
  });

  it('is sealed as it was posted where its source keeps originals', async () => {
    const { arriving } = await intakeOf(EVENT, { keepsOriginals: true });
    const { sealed, eventId } = arriving.event;
    expect(arriving.event).toMatchObject({ form: ORIGINAL_FORM, visitorMac: expect.any(Buffer) as Buffer });
    const opened = openEvent(keyRing, { sourceId: 7, eventId, kind: 'feedback', sealed, form: ORIGINAL_FORM });
    expect('original' in opened && opened.original.toString()).toBe(EVENT);
  });

  it('and is no event is taken with its bytes, why, and the widget, to be held', async () => {
    const { arriving, opened } = await intakeOf(NO_EVENT);
    expect(arriving).toMatchObject({
      sourceId: 7,
      outcome: 'held',
      event: { reason: 'unreadable', facts: ['not JSON', 'posted for the widget w'], bodyMac: keyRing.mac(NO_EVENT) },
    });
    expect(opened()).toBe(NO_EVENT);
  });

  it('counts only as what waits for the log, not as what it was unpacked in', async () => {
    let answer: (arrival: TakenAs) => void = () => undefined;
    let waits: () => void = () => undefined;
    const isWaiting = new Promise<void>((resolve) => (waits = resolve));
    const { handle, budget, isAllGivenBack } = webhooks({
      maxBytes: 12 * MIB,
      take: () => {
        waits();
        return new Promise((resolve) => (answer = resolve));
      },
    });
    const answering = handle(posted(gzipSync(EVENT), PATH, { 'content-encoding': 'gzip' }));
    await isWaiting;
    const other = budget.open('other');
    expect(other.add(11 * MIB)).toBe(true);
    other.close();
    expect(isAllGivenBack(), 'the sealed event is still there').toBe(false);
    answer('logged');
    expect(await answering).toMatchObject({ status: 200 });
    expect(isAllGivenBack()).toBe(true);
  });

  it('gives its room back also where it cannot be sealed', async () => {
    const noKey = () => {
      throw new Error('no key');
    };
    const { handle, isAllGivenBack } = webhooks({ keyRing: { ...keyRing, seal: noKey } });
    await expect(handle(posted(EVENT))).rejects.toThrow('no key');
    expect(isAllGivenBack()).toBe(true);
  });
});

describe('the answer to a body', () => {
  const told = ({ warn, error }: ReturnType<typeof webhooks>) => ({ warn: warn.mock.calls, error: error.mock.calls });

  it.each(['logged', 'redelivered', 'spooled'] as const)(
    'that is %s is 200, and needs no line in the log',
    async (arrival) => {
      const seen = webhooks({ take: () => Promise.resolve(arrival) });
      expect(await seen.handle(posted(EVENT))).toMatchObject({ status: 200, body: { arrival } });
      expect(seen.counted()).toEqual([arrival]);
      expect(told(seen)).toEqual({ warn: [], error: [] });
      expect(seen.isAllGivenBack()).toBe(true);
    },
  );

  it.each([
    ['held', NO_EVENT, 'error', { why: 'not JSON' }],
    ['conflict', EVENT, 'error', {}],
    ['drifted', EVENT, 'warn', {}],
  ] as const)('that is %s is 200, and the log says so, without its text', async (arrival, body, level, facts) => {
    const seen = webhooks({ take: () => Promise.resolve(arrival) });
    const answer = await seen.handle(posted(body));
    expect(answer).toMatchObject({ status: 200, body: { arrival } });
    expect(seen.counted()).toEqual([arrival]);
    const line = [{ ...NAMED, eventId: answer?.body['eventId'], ...facts }, expect.any(String) as string];
    expect(told(seen)).toEqual({ warn: [], error: [], [level]: [line] });
    expect(JSON.stringify(told(seen))).not.toContain(PRIVATE);
    expect(seen.isAllGivenBack()).toBe(true);
  });

  it('that nobody can say to be durable is 503: it may be sent again at once', async () => {
    const seen = webhooks({ take: () => Promise.reject(new Error('away')) });
    const eventId = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
    expect(await seen.handle(posted(EVENT))).toEqual({ ...UNAVAILABLE, eventId });
    expect(seen.counted()).toEqual(['not-durable']);
    expect(seen.isAllGivenBack()).toBe(true);
  });

  it('that finds no place is 503 for longer; the log has its id and digest, and not its text', async () => {
    const seen = webhooks({ take: () => Promise.resolve('no-place') });
    const eventId = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
    const answer = await seen.handle(posted(NO_EVENT));
    expect(answer).toEqual({ ...UNAVAILABLE, headers: { 'retry-after': '60' }, eventId });
    expect(seen.counted()).toEqual(['no-place']);
    expect(told(seen)).toEqual({
      warn: [],
      error: [
        [
          { ...NAMED, eventId, digest: keyRing.mac(NO_EVENT).toString('hex') },
          expect.stringContaining('has reached the limit') as string,
        ],
      ],
    });
    expect(JSON.stringify(told(seen))).not.toContain(PRIVATE);
    expect(seen.isAllGivenBack()).toBe(true);
  });
});
