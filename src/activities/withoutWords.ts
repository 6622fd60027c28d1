import { AdobeCallError } from '../adobe/http/errors.js';

/** What Adobe says about something that nobody else may read may quote it: its code and its request id are enough. */
export function withoutWords(failure: unknown, what: string): unknown {
  if (!(failure instanceof AdobeCallError)) return failure;
  const { effect, kind, retryAfterMs } = failure;
  const { service, httpStatus, code, requestId } = failure.error;
  const error = { service, httpStatus, code, requestId, title: `not shown, as it may quote ${what}` };
  return new AdobeCallError({ effect, kind, retryAfterMs, error });
}
