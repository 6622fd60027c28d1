/** The one HTTP layer under the clients: headers, token, one renewal of it, reading the answer. */
import type { Logger } from 'pino';
import type { Dispatcher } from 'undici';
import type { z } from 'zod';
import type { AdobeConfiguration } from '../../configuration.js';
import type { Refusal, RequestBudget } from '../../domain/source/requestBudget.js';
import { textOf, valueOf } from './answer.js';
import { AdobeCallError, type CallFacts, OUT_OF_BUDGET } from './errors.js';
import { type Exchange, exchange, QUEUE_TIMEOUT_MS, targetOf } from './exchange.js';
import type { Tokens } from './ims.js';
import { parseRetryAfter } from './retryAfter.js';

/** Lists with full bodies of schemas are the largest answers. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

interface AdobeCall {
  /** As people know it, for example `Flow Service`. */
  readonly service: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Encoded already. */
  readonly path: string;
  /** Names and values as they are; encoded here, `+` and `=` too. */
  readonly query?: readonly (readonly [string, string])[];
  /** Lower case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** The call changes nothing at Adobe. Default: of GET only. */
  readonly readOnly?: boolean;
  /** Leaves out `x-sandbox-name`. */
  readonly anySandbox?: boolean;
}

interface Dated<T> {
  readonly value: T;
  readonly answeredAt?: number;
  /** Of the answer's header, which Catalog calls `E-Tag`. */
  readonly etag?: string;
}

export interface AdobeHttp {
  /**
   * One call: no retry but the one after a renewed token, which a 401 makes safe: nothing was done.
   *
   * Takes at most the time to get a token, 15 s to connect, and `requestTimeoutMs`, twice of each after a 401.
   *
   * @returns the answer's JSON as `schema` reads it; undefined of an empty body
   * @throws AdobeCallError
   */
  request<T>(call: AdobeCall, schema: z.ZodType<T>): Promise<T>;
  /** The same, with the time of the answer by Adobe's own clock, ms; the header has whole seconds. And with its etag. */
  requestDated<T>(call: AdobeCall, schema: z.ZodType<T>): Promise<Dated<T>>;
  /** The same for an answer that is not JSON; at most 32 MiB. */
  requestText(call: AdobeCall): Promise<string>;
}

export function createAdobeHttp({
  configuration,
  sandbox,
  tokens,
  dispatcher,
  log,
  signal,
  mayBegin,
  budget,
  now = Date.now,
}: {
  configuration: AdobeConfiguration;
  /** Technical name. */
  sandbox: string;
  tokens: Tokens;
  dispatcher: Dispatcher;
  log: Logger;
  signal?: AbortSignal;
  /** Asked right before a request's first byte; false: it is not sent. */
  mayBegin?: () => boolean;
  /** Each request takes of it. */
  budget?: RequestBudget;
  now?: () => number;
}): AdobeHttp {
  const { origin, prefix } = targetOf(configuration.platformUrl);

  function send(call: AdobeCall, token: string): Promise<Exchange> {
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    return exchange(dispatcher, {
      origin,
      path: `${prefix}${call.path}${queryString(call.query)}`,
      method: call.method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...call.headers,
        authorization: `Bearer ${token}`,
        'x-api-key': configuration.clientId,
        'x-gw-ims-org-id': configuration.orgId,
        ...(call.anySandbox === true ? {} : { 'x-sandbox-name': sandbox }),
      },
      body,
      queueTimeoutMs: QUEUE_TIMEOUT_MS,
      answerTimeoutMs: configuration.requestTimeoutMs,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      signal,
      mayStart: mayBegin,
    });
  }

  /** @throws AdobeCallError `throttled` when there is none left of it for long */
  async function sendWithinBudget(call: AdobeCall, token: string): Promise<Exchange> {
    const refusal = await budget?.take(signal);
    if (refusal !== undefined) throw notBegun(call, refusal);
    const seen = await send(call, token);
    if (statusOf(seen) === TOO_MANY && 'answer' in seen) {
      const pauseMs = parseRetryAfter(seen.answer.headers['retry-after'], now());
      if (pauseMs !== undefined) await budget?.pause(Math.min(pauseMs, LONGEST_SHARED_PAUSE_MS));
    }
    return seen;
  }

  async function sendAuthorised(call: AdobeCall): Promise<Exchange> {
    const startedAtMs = now();
    const token = await tokens.get(signal);
    let seen = await sendWithinBudget(call, token);
    if (statusOf(seen) === 401) {
      tokens.drop(token);
      seen = await sendWithinBudget(call, await tokens.get(signal));
    }
    log.debug(
      {
        service: call.service,
        method: call.method,
        path: call.path,
        phase: seen.phase,
        status: statusOf(seen),
        durationMs: now() - startedAtMs,
      },
      'called Adobe',
    );
    return seen;
  }

  const factsOf = (call: AdobeCall): CallFacts => ({
    service: call.service,
    readOnly: call.readOnly ?? call.method === 'GET',
    secrets: tokens.secrets(),
  });

  async function requestDated<T>(call: AdobeCall, schema: z.ZodType<T>): Promise<Dated<T>> {
    const seen = await sendAuthorised(call);
    return { value: valueOf(seen, schema, factsOf(call), now()), answeredAt: answeredAt(seen), etag: etagOf(seen) };
  }

  return {
    requestDated,
    request: async (call, schema) => (await requestDated(call, schema)).value,
    requestText: async (call) => textOf(await sendAuthorised(call), factsOf(call), now()),
  };
}

const TOO_MANY = 429;
/** A pause that Adobe asks for is everybody's for this long; whoever asks again then is told again. */
const LONGEST_SHARED_PAUSE_MS = 60_000;

function notBegun({ service }: AdobeCall, refusal: Refusal): AdobeCallError {
  const error = { service, title: 'not sent' };
  return refusal === 'aborted'
    ? new AdobeCallError({ effect: 'none', kind: 'not-sent', error: { ...error, detail: refusal } })
    : new AdobeCallError({ effect: 'none', kind: 'throttled', error: { ...error, code: OUT_OF_BUDGET } });
}

function statusOf(seen: Exchange): number | undefined {
  return 'answer' in seen ? seen.answer.status : undefined;
}

function answeredAt(seen: Exchange): number | undefined {
  const at = 'answer' in seen ? Date.parse(seen.answer.headers.date ?? '') : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function etagOf(seen: Exchange): string | undefined {
  if (!('answer' in seen)) return undefined;
  const etag = seen.answer.headers['e-tag'] ?? seen.answer.headers.etag;
  return typeof etag === 'string' ? etag : undefined;
}

function queryString(query: AdobeCall['query'] = []): string {
  if (query.length === 0) return '';
  return `?${query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')}`;
}
