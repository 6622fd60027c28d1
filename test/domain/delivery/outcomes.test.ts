import { describe, expect, it } from 'vitest';
import {
  type Attempt,
  classifyAttempt,
  type InletPolicy,
  type Observation,
} from '../../../src/domain/delivery/outcomes.js';

const INLET = 'a1'.repeat(32);
const strict: InletPolicy = { inletId: INLET, on503: 'strict' };
const lenient: InletPolicy = { inletId: INLET, on503: 'lenient' };

const whole = (status: number, body: unknown = '', retryAfterMs?: number): Observation => ({
  phase: 'complete',
  status,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  retryAfterMs,
});

/** What matters for what happens next, in one word or two. */
function verdict(attempt: Attempt): string {
  switch (attempt.outcome) {
    case 'accepted':
    case 'not-sent':
      return attempt.outcome;
    case 'refused':
      return `refused ${attempt.scope}`;
    case 'unknown':
      return `unknown ${attempt.scope} ${attempt.probably}`;
    default:
      return attempt satisfies never;
  }
}

describe('classification of an attempt', () => {
  const rows: [string, Observation, string][] = [
    ['no connection', { phase: 'queued', fault: 'ECONNREFUSED' }, 'not-sent'],
    ['a connect timeout', { phase: 'queued', fault: 'UND_ERR_CONNECT_TIMEOUT' }, 'not-sent'],
    ['the same code after the first byte', { phase: 'sent', fault: 'ECONNREFUSED' }, 'unknown event either'],
    ['a reset after the request', { phase: 'sent', fault: 'ECONNRESET' }, 'unknown event either'],
    ['no answer in time', { phase: 'sent', fault: 'answer-timeout' }, 'unknown event either'],
    ['our inlet', whole(200, { inletId: INLET, xactionId: 'x', receivedTimeMs: 1 }), 'accepted'],
    ['our inlet as the specification spells it', whole(200, { inletID: INLET }), 'accepted'],
    ['our inlet with more than we know', whole(200, { inletId: INLET, flowId: 'f', syncValidation: {} }), 'accepted'],
    ['another inlet', whole(200, { inletId: 'b2'.repeat(32) }), 'unknown destination either'],
    ['JSON that names no inlet', whole(200, { ok: true }), 'unknown destination either'],
    ['a list', whole(200, '[]'), 'unknown destination either'],
    ['a page', whole(200, '<html>Sign in</html>'), 'unknown destination either'],
    ['200 with half a body', { phase: 'status', fault: 'UND_ERR_SOCKET', status: 200 }, 'unknown event accepted'],
    ['200 with half a JSON', whole(200, `{"inletId":"${INLET}","xac`), 'unknown event accepted'],
    ['200 without a body', whole(200), 'unknown event accepted'],
    ['201', whole(201, { inletId: INLET }), 'unknown destination accepted'],
    ['207', whole(207, { responses: [] }), 'unknown destination accepted'],
    ['301', whole(301), 'refused destination'],
    ['307', whole(307), 'refused destination'],
    ['400 of the inlet', whole(400, { title: 'Invalid XDM Message Format', status: 400 }), 'refused event'],
    ['400 without a body', whole(400), 'refused event'],
    ['400 cut in its body', { phase: 'status', fault: 'x', status: 400 }, 'refused event'],
    ['400 of something in between', whole(400, '<h1>Bad Request</h1>'), 'refused destination'],
    ['401', whole(401, { status: '401' }), 'refused destination'],
    ['403 without a body', whole(403), 'refused destination'],
    ['404', whole(404), 'refused destination'],
    ['405', whole(405), 'refused destination'],
    ['413', whole(413), 'refused event'],
    ['415', whole(415), 'refused destination'],
    ['429', whole(429, '', 3_000), 'refused destination'],
    ['501', whole(501), 'refused destination'],
    ['408, which nobody documents', whole(408), 'unknown destination either'],
    ['422, which nobody documents', whole(422), 'unknown destination either'],
    ['500', whole(500), 'unknown event either'],
    ['502', whole(502), 'unknown event either'],
    ['503', whole(503), 'unknown event either'],
    ['503 with Retry-After', whole(503, '', 1_000), 'unknown event either'],
    ['504', whole(504), 'unknown event either'],
  ];
  it.each(rows)('%s', (_name, seen, expected) => {
    expect(verdict(classifyAttempt(seen, strict))).toBe(expected);
  });

  it('takes a 503 with Retry-After as not accepted only when told to be lenient', () => {
    expect(classifyAttempt(whole(503, '', 1_000), lenient)).toEqual({
      outcome: 'refused',
      scope: 'destination',
      status: 503,
      retryAfterMs: 1_000,
    });
    expect(verdict(classifyAttempt(whole(503), lenient))).toBe('unknown event either');
    expect(verdict(classifyAttempt(whole(500, '', 1_000), lenient))).toBe('unknown event either');
  });

  it('keeps the receipt, with the time as number or numeric string', () => {
    const receipt = (receivedTimeMs: unknown): Attempt =>
      classifyAttempt(whole(200, { inletId: INLET, xactionId: '17:2:3', receivedTimeMs }), strict);
    const expected = { outcome: 'accepted', receipt: { inletId: INLET, xactionId: '17:2:3', receivedTimeMs: 17e11 } };
    expect(receipt(17e11)).toEqual(expected);
    expect(receipt('1700000000000')).toEqual(expected);
    expect(receipt('soon')).toEqual({ outcome: 'accepted', receipt: { inletId: INLET, xactionId: '17:2:3' } });
  });

  it('keeps a receipt that says nothing more', () => {
    const bare = { outcome: 'accepted', receipt: { inletId: INLET } };
    expect(classifyAttempt(whole(200, { inletId: INLET, xactionId: 7, receivedTimeMs: null }), strict)).toEqual(bare);
  });

  it.each<[Observation, string]>([
    [{ phase: 'queued', fault: 'ECONNREFUSED' }, 'ECONNREFUSED'],
    [{ phase: 'sent', fault: 'ECONNRESET' }, 'ECONNRESET'],
    [{ phase: 'status', fault: 'UND_ERR_SOCKET', status: 200 }, 'UND_ERR_SOCKET'],
    [whole(200, ' \n'), 'empty-answer'],
    [whole(200, ` {"inletId":"${INLET}"`), 'truncated-answer'],
    [whole(200, '<html>'), 'foreign-answer'],
    [whole(200, { inletId: 'b2' }), 'foreign-answer'],
    [whole(200, 'null'), 'foreign-answer'],
    [whole(502), 'http-502'],
  ])('names the cause, for evidence: %j is %s', (seen, cause) => {
    expect(classifyAttempt(seen, strict)).toMatchObject({ cause });
  });

  it('keeps the status, and how long the destination asked to be left alone', () => {
    expect(classifyAttempt(whole(429, '', 3_000), strict)).toEqual({
      outcome: 'refused',
      scope: 'destination',
      status: 429,
      retryAfterMs: 3_000,
    });
    expect(classifyAttempt(whole(503, '', 1_000), strict)).toMatchObject({ status: 503, retryAfterMs: 1_000 });
    expect(classifyAttempt(whole(200), strict)).toMatchObject({ status: 200 });
    expect(classifyAttempt(whole(404), strict)).not.toHaveProperty('retryAfterMs');
  });

  it.each([
    [299, 'unknown destination accepted'],
    [300, 'refused destination'],
    [399, 'refused destination'],
    [402, 'unknown destination either'],
    [499, 'unknown destination either'],
  ])('goes by the class of a status that nobody documents: %i', (status, expected) => {
    expect(verdict(classifyAttempt(whole(status), strict))).toBe(expected);
  });

  it('takes a 400 of blanks, and one that is a list, for what they are', () => {
    expect(verdict(classifyAttempt(whole(400, ' \n'), strict))).toBe('refused event');
    expect(verdict(classifyAttempt(whole(400, '[]'), strict))).toBe('refused destination');
  });
});
