/** `Retry-After` as RFC 9110 §10.2.3 has it: seconds, or an HTTP date. */

/** Longer waits are a person's business. */
export const LONGEST_RETRY_AFTER_MS = 15 * 60_000;

/** Milliseconds to wait, between 0 and {@link LONGEST_RETRY_AFTER_MS}; undefined when there is no header or it cannot be read. */
export function parseRetryAfter(header: string | string[] | undefined, nowMs: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (text === undefined || text === '') return undefined;
  const waitMs = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(Math.ceil(waitMs), 0), LONGEST_RETRY_AFTER_MS);
}
