/** From an exchange to a value, or to the one exception. */
import type { z } from 'zod';
import { readErrorBody } from './errorBody.js';
import { AdobeCallError, type CallFacts, failureOf } from './errors.js';
import type { Exchange, RawAnswer } from './exchange.js';

/** @throws AdobeCallError when the exchange failed, or its answer cannot be read as `schema` */
export function valueOf<T>(seen: Exchange, schema: z.ZodType<T>, call: CallFacts, nowMs: number): T {
  return readAnswer(answerOf(seen, call, nowMs), schema, call);
}

/** @throws AdobeCallError when the exchange failed */
export function textOf(seen: Exchange, call: CallFacts, nowMs: number): string {
  return answerOf(seen, call, nowMs).body.toString('utf8');
}

function answerOf(seen: Exchange, call: CallFacts, nowMs: number): RawAnswer {
  const failure = failureOf(seen, call, nowMs);
  if (failure !== undefined) throw new AdobeCallError(failure);
  if (seen.phase !== 'complete') throw new Error('an exchange that is not complete is a failure');
  return seen.answer;
}

/**
 * A 2xx without readable JSON is no answer: the call may have taken effect. JSON in another shape is a change at
 * Adobe's side that a person must see.
 */
function readAnswer<T>(answer: RawAnswer, schema: z.ZodType<T>, call: CallFacts): T {
  const effect = call.readOnly ? 'none' : 'maybe';
  const said = readErrorBody(call.service, answer, call.secrets);
  let body: unknown;
  try {
    const text = answer.body.toString('utf8');
    body = text.trim() === '' ? undefined : JSON.parse(text);
  } catch {
    throw new AdobeCallError({
      effect,
      kind: call.readOnly ? 'unavailable' : 'ambiguous',
      error: { ...said, title: 'answer is not JSON' },
    });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'answer'}: ${issue.message}`);
  throw new AdobeCallError({
    effect,
    kind: body === undefined ? (call.readOnly ? 'unavailable' : 'ambiguous') : 'unexpected',
    error: { ...said, title: 'answer of unknown shape', detail: paths.slice(0, 5).join('; ') },
  });
}
