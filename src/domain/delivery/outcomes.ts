/**
 * What one attempt to deliver an event came to. The classification is pure: how far the request came, and what was
 * answered, decide; the message of an error never does.
 *
 * The inlet has no idempotency key and cannot be asked whether it has an event. So whatever is not provably refused,
 * provably not sent or provably accepted is `unknown`, and `unknown` is never resent blindly.
 */

export type Attempt =
  | { readonly outcome: 'accepted'; readonly receipt: Receipt }
  | {
      readonly outcome: 'refused';
      /** `event`: the same bytes fail again, others may pass. `destination`: every event would fail. */
      readonly scope: FaultScope;
      readonly status: number;
      readonly retryAfterMs?: number;
      /** Codes and request ids of the answer: by their shapes nothing of the event can be in them. */
      readonly evidence?: string;
      /** What the answer said in words. It may quote the event: only ever kept sealed. */
      readonly said?: string;
    }
  /** No byte left; may be tried again without risk. */
  | { readonly outcome: 'not-sent'; readonly cause: string }
  | {
      readonly outcome: 'unknown';
      readonly scope: FaultScope;
      /** `accepted`: the inlet said 200 and its receipt was lost. `either`: nothing speaks for one or the other. */
      readonly probably: 'accepted' | 'either';
      /** An error code, `answer-timeout`, `http-503`, `truncated-answer`, `empty-answer`, `foreign-answer`. */
      readonly cause: string;
      readonly status?: number;
      readonly retryAfterMs?: number;
      readonly evidence?: string;
      readonly said?: string;
    };

type FaultScope = 'event' | 'destination';

/** What the inlet says of an event that it took: for support cases; no API takes it as input. */
export interface Receipt {
  readonly inletId: string;
  readonly xactionId?: string;
  readonly receivedTimeMs?: number;
}

/** What was seen of an attempt. Phases as in `src/adobe/http/exchange.ts`. */
export type Observation =
  | { readonly phase: 'queued' | 'sent'; readonly fault: string }
  | { readonly phase: 'status'; readonly fault: string; readonly status: number; readonly retryAfterMs?: number }
  | { readonly phase: 'complete'; readonly status: number; readonly body: string; readonly retryAfterMs?: number };

export interface InletPolicy {
  /** Last segment of the inlet's URL. */
  readonly inletId: string;
  /**
   * `strict`: 503 leaves the outcome unknown. `lenient`: 503 with Retry-After counts as not accepted, on the reading
   * that load is shed before the queue. Adobe advises to retry, and does not say that a 503 excludes acceptance.
   */
  readonly on503: 'strict' | 'lenient';
}

export function classifyAttempt(seen: Observation, policy: InletPolicy): Attempt {
  switch (seen.phase) {
    case 'queued':
      return { outcome: 'not-sent', cause: seen.fault };
    case 'sent':
      return { outcome: 'unknown', scope: 'event', probably: 'either', cause: seen.fault };
    case 'status':
    case 'complete':
      return seen.status === 200 ? classify200(seen, policy) : classifyStatus(seen, policy);
    default:
      return seen satisfies never;
  }
}

type Answered = Extract<Observation, { readonly status: number }>;

/**
 * Received is what a 200 *of our inlet* means. A whole 200 that does not name it may come from something in between
 * (then nothing was accepted) or from the inlet itself with a changed body (then it was): nothing seen here tells the
 * two apart, so the outcome is unknown, and the destination is at fault, not the event.
 */
function classify200(seen: Answered, policy: InletPolicy): Attempt {
  const unknown = (cause: string, scope: FaultScope, probably: 'accepted' | 'either'): Attempt => ({
    outcome: 'unknown',
    scope,
    probably,
    cause,
    status: 200,
  });
  if (seen.phase === 'status') return unknown(seen.fault, 'event', 'accepted');
  const body = seen.body.trim();
  if (body === '') return unknown('empty-answer', 'event', 'accepted');
  const answer = parseObject(body);
  if (answer === undefined) {
    return body.startsWith('{')
      ? unknown('truncated-answer', 'event', 'accepted')
      : unknown('foreign-answer', 'destination', 'either');
  }
  // The specification writes `inletID`, its own example and every tutorial `inletId`.
  const inletId = answer['inletId'] ?? answer['inletID'];
  if (inletId !== policy.inletId) return unknown('foreign-answer', 'destination', 'either');
  return { outcome: 'accepted', receipt: receiptOf(policy.inletId, answer) };
}

/**
 * Statuses that exclude acceptance, by the limiter's or the front's place before the queue. 400 and 413 concern this
 * body; the others concern every event.
 */
const REFUSALS: Readonly<Record<number, FaultScope>> = {
  400: 'event',
  413: 'event',
  401: 'destination',
  403: 'destination',
  404: 'destination',
  405: 'destination',
  415: 'destination',
  429: 'destination',
  501: 'destination',
};

function classifyStatus(seen: Answered, policy: InletPolicy): Attempt {
  const { status, retryAfterMs } = seen;
  const waiting = retryAfterMs === undefined ? {} : { retryAfterMs };
  const refused = (scope: FaultScope): Attempt => ({ outcome: 'refused', scope, status, ...waiting });

  // Never followed: 307 and 308 would post the event a second time.
  if (status >= 300 && status < 400) return refused('destination');
  if (status === 400 && isForeign400(seen)) return refused('destination');
  const scope = REFUSALS[status];
  if (scope !== undefined) return refused(scope);
  if (status === 503 && policy.on503 === 'lenient' && retryAfterMs !== undefined) return refused('destination');
  return {
    outcome: 'unknown',
    scope: status >= 500 ? 'event' : 'destination',
    probably: status < 300 ? 'accepted' : 'either',
    cause: `http-${status}`,
    status,
    ...waiting,
  };
}

/** The inlet's 400 is a problem document; a page of something in between says nothing about the event. */
function isForeign400(seen: Answered): boolean {
  return seen.phase === 'complete' && seen.body.trim() !== '' && parseObject(seen.body) === undefined;
}

function receiptOf(inletId: string, answer: Readonly<Record<string, unknown>>): Receipt {
  const { xactionId, receivedTimeMs } = answer;
  // Printed as a number in the tutorials, as a string in the specification's example.
  const receivedAt = typeof receivedTimeMs === 'string' ? Number(receivedTimeMs) : receivedTimeMs;
  return {
    inletId,
    ...(typeof xactionId === 'string' ? { xactionId } : {}),
    ...(typeof receivedAt === 'number' && Number.isFinite(receivedAt) ? { receivedTimeMs: receivedAt } : {}),
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
