/** When an event happened. Only a transcript says so itself. */
import type { Payload } from './payloads.js';

/** RFC 3339 with any number of fractional digits; Chatlio sends six (from its database) or nine (from Slack). */
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;
/** Chatlio began in 2015. What lies before is an unset value, such as year 1 or 1970. */
const EARLIEST_MS = Date.UTC(2000, 0, 1);
/** ISO 8601 with a four-digit year. */
const LATEST_MS = Date.UTC(9999, 11, 31);

/** Milliseconds since the epoch (digits beyond are float noise in Chatlio's values), or undefined when it is no time. */
export function parseTime(value: string | undefined): number | undefined {
  if (value === undefined || !RFC_3339.test(value)) return undefined;
  return plausible(Date.parse(value));
}

/** Slack's `seconds.micros`. */
function parseSlackTimestamp(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,12}(?:\.\d+)?$/.test(value)) return undefined;
  return plausible(Math.floor(Number(value) * 1_000));
}

function plausible(timeMs: number): number | undefined {
  return timeMs >= EARLIEST_MS && timeMs < LATEST_MS ? timeMs : undefined;
}

/**
 * A transcript: its end, else its last message, else the receipt. Other kinds: the receipt of the first delivery. Never after
 * the receipt, for XDM wants `timestamp` in the past. (`visitor.createdAt` is of the visitor's record, months old perhaps.)
 */
export function occurredAtMs(payload: Payload, isTranscript: boolean, receivedAtMs: number): number {
  if (!isTranscript) return receivedAtMs;
  const claimed = parseTime(payload.endedAt) ?? parseSlackTimestamp(payload.messages.at(-1)?.ts) ?? receivedAtMs;
  return Math.min(claimed, receivedAtMs);
}
