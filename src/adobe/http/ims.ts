/** Access tokens of the OAuth server-to-server credential, cached. */
import type { Logger } from 'pino';
import type { Dispatcher } from 'undici';
import * as z from 'zod';
import type { AdobeConfiguration } from '../../configuration.js';
import { valueOf } from './answer.js';
import { AdobeCallError } from './errors.js';
import { exchange, QUEUE_TIMEOUT_MS, targetOf } from './exchange.js';

const SERVICE = 'IMS';
/** A new token is asked for this long before the old one ends, or a tenth of its life before when it is short-lived. */
const RENEW_BEFORE_MS = 500_000;
/** The token service answers seconds (86399); an older page shows milliseconds. No token lives for eleven days. */
const MORE_THAN_SECONDS = 1_000_000;
const MAX_ANSWER_BYTES = 64 * 1024;

export interface Tokens {
  /** The cached token, or a new one; one request at a time, whoever asks. */
  get(signal?: AbortSignal): Promise<string>;
  /** Adobe has refused this token: forget it, unless a newer one is there already. */
  drop(token: string): void;
  /** What must not be seen: for masking. */
  secrets(): readonly string[];
}

interface Token {
  readonly value: string;
  readonly renewAtMs: number;
}

const answerSchema = z.looseObject({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().catch(3600),
});

export function createTokens({
  configuration,
  dispatcher,
  log,
  now = Date.now,
}: {
  configuration: AdobeConfiguration;
  dispatcher: Dispatcher;
  log: Logger;
  now?: () => number;
}): Tokens {
  const { clientId, clientSecret, scopes, imsUrl, requestTimeoutMs } = configuration;
  const { origin, prefix } = targetOf(imsUrl);
  let current: Token | undefined;
  let pending: Promise<Token> | undefined;
  let seen: readonly string[] = [];

  async function fetchToken(): Promise<Token> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      scope: scopes,
    });
    const call = { service: SERVICE, readOnly: true, secrets: [clientSecret] };
    const answered = await exchange(dispatcher, {
      origin,
      path: `${prefix}/ims/token/v3`,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: Buffer.from(form.toString()),
      queueTimeoutMs: QUEUE_TIMEOUT_MS,
      answerTimeoutMs: requestTimeoutMs,
      maxAnswerBytes: MAX_ANSWER_BYTES,
    });
    const { access_token: value, expires_in: expiresIn } = valueOf(answered, answerSchema, call, now());
    const lifeMs = expiresIn > MORE_THAN_SECONDS ? expiresIn : expiresIn * 1000;
    seen = [value, ...seen].slice(0, 3);
    log.debug({ service: SERVICE, lifeMs }, 'new access token');
    return { value, renewAtMs: now() + lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs / 10) };
  }

  return {
    async get(signal) {
      if (current !== undefined && now() < current.renewAtMs) return current.value;
      pending ??= fetchToken()
        .then((token) => (current = token))
        .finally(() => (pending = undefined));
      return (await untilAborted(pending, signal)).value;
    },
    drop(token) {
      if (current?.value === token) current = undefined;
    },
    secrets: () => [clientSecret, ...seen],
  };
}

/** The request for a token serves all who wait; one who gives up does not end it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void =>
      reject(
        new AdobeCallError({
          effect: 'none',
          kind: 'not-sent',
          error: { service: SERVICE, title: 'not sent', detail: 'aborted' },
        }),
      );
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
