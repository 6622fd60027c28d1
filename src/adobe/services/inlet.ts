/** The streaming inlet of one flow: posts one event at a time, the same bytes on every attempt. */
import { type Attempt, classifyAttempt, type InletPolicy, type Observation } from '../../domain/delivery/outcomes.js';
import type { ProxySettings } from '../../configuration.js';
import { createDispatcher } from '../http/dispatcher.js';
import { readErrorBody } from '../http/errorBody.js';
import { type Exchange, exchange } from '../http/exchange.js';
import { parseRetryAfter } from '../http/retryAfter.js';

/**
 * An idle connection is not used again after this: a server that closes it as we write leaves an outcome unknown. Of
 * the server's own `Keep-Alive: timeout=` hint undici takes 2 s off.
 */
const KEEP_ALIVE_MS = 4_000;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

export interface InletOptions {
  /** A secret, `https://dcs.adobedc.net/collection/{inlet id}`. */
  readonly url: string;
  readonly flowId: string;
  /** Technical name. Adobe's reference requires it, Adobe's tutorials leave it out. */
  readonly sandbox?: string;
  /** Default: the last segment of the URL. */
  readonly expectedInletId?: string;
  /** Its scheme, host and path prefix stand in place of the URL's own: of a recording proxy. */
  readonly baseUrl?: string;
  readonly proxy?: ProxySettings;
  /** From the first byte to the end of the answer. */
  readonly requestTimeoutMs: number;
  readonly on503: InletPolicy['on503'];
  /** Requests in flight; each has a connection of its own. */
  readonly connections: number;
}

interface PostOptions {
  readonly signal?: AbortSignal;
  /** Asked right before the first byte leaves: false withdraws the attempt, which is then `not-sent`. */
  readonly mayStart?: () => boolean;
}

export interface Inlet {
  /** Never throws; no retry, no redirect. @param body JSON, sent as it is */
  post(body: Buffer, options?: PostOptions): Promise<Attempt>;
  /** Waits for the attempts under way. */
  close(): Promise<void>;
}

/**
 * An attempt ends as a value, never as an exception: `accepted`, `refused`, `not-sent` or `unknown`, with what proves it. Accepted means
 * received, not in the lake ("Streaming ingestion API").
 *
 * @example
 * const url = 'https://dcs.adobedc.net/collection/0f3a';
 * const inlet = createInlet({ url, flowId: 'b7b8b4c5', requestTimeoutMs: 30_000, on503: 'strict', connections: 8 });
 * const attempt = await inlet.post(Buffer.from('{"_id":"4f1e"}'));
 * if (attempt.outcome === 'accepted') log.info(attempt.receipt);
 * await inlet.close();
 */
export function createInlet(options: InletOptions): Inlet {
  const url = new URL(options.url);
  const base = options.baseUrl === undefined ? url : new URL(options.baseUrl);
  const inletId = options.expectedInletId ?? url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  const policy: InletPolicy = { inletId, on503: options.on503 };
  const path = `${base === url ? '' : base.pathname.replace(/\/+$/, '')}${url.pathname}`;
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    'x-adobe-flow-id': options.flowId,
    ...(options.sandbox === undefined ? {} : { 'x-sandbox-name': options.sandbox }),
  };
  const dispatcher = createDispatcher(options.proxy, {
    connections: options.connections,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });

  return {
    async post(body, { signal, mayStart } = {}) {
      const seen = await exchange(dispatcher, {
        origin: base.origin,
        path,
        method: 'POST',
        headers,
        body,
        queueTimeoutMs: CONNECT_TIMEOUT_MS + options.requestTimeoutMs,
        answerTimeoutMs: options.requestTimeoutMs,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        signal,
        mayStart,
      });
      const attempt = classifyAttempt(observationOf(seen), policy);
      return withEvidence(attempt, seen, inletId);
    },
    close: () => dispatcher.close(),
  };
}

function observationOf(seen: Exchange): Observation {
  if (seen.phase === 'queued' || seen.phase === 'sent') return seen;
  const { status, headers, body } = seen.answer;
  const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now());
  return seen.phase === 'status'
    ? { phase: 'status', fault: seen.fault, status, retryAfterMs }
    : { phase: 'complete', status, body: body.toString('utf8'), retryAfterMs };
}

/**
 * Of an answer that is no receipt. It may quote the event, shortened, in lower case or escaped in ways that no mask foresees:
 * so only what has the shape of a code is evidence, and its words are kept apart.
 */
function withEvidence(attempt: Attempt, seen: Exchange, inletId: string): Attempt {
  if (!('answer' in seen) || (attempt.outcome !== 'refused' && attempt.outcome !== 'unknown')) return attempt;
  const { body, headers } = seen.answer;
  if (body.length === 0) return attempt;
  const { code, title, detail, raw, requestId } = readErrorBody('inlet', seen.answer, [inletId]);
  const codes = [shaped(code, CODE), ...(requestId === undefined ? [] : [shaped(requestId, REQUEST_ID, 'request ')])];
  const known = codes.filter((part) => part !== undefined);
  const page = `${shaped(headers['content-type']?.split(';')[0], MEDIA_TYPE) ?? 'no content type'}, ${body.length} bytes`;
  const words = [title, detail, raw].filter((part) => part !== undefined).join(', ');
  return {
    ...attempt,
    evidence: known.length === 0 ? page : known.join(', '),
    ...(words === '' ? {} : { said: words.slice(0, LONGEST_SAID) }),
  };
}

const LONGEST_SAID = 2_000;
/** For example `DCVS-1106-400`, `EXEG-0104`, `403010`. */
const CODE = /^(?:[A-Z]{2,8}-)?\d{3,6}(?:-\d{3})?$/;
/** A UUID, or 32 letters and digits as Adobe's gateway makes them. */
const REQUEST_ID = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=.*\d)[A-Za-z0-9]{32})$/;
const MEDIA_TYPE = /^(?:text|application)\/[a-z]+(?:[.+-][a-z]+){0,2}$/;

function shaped(text: string | undefined, shape: RegExp, title = ''): string | undefined {
  return text !== undefined && shape.test(text) ? `${title}${text}` : undefined;
}
