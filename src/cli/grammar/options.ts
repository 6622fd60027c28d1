/** What options of several commands have in common. */
import { userInfo } from 'node:os';
import { type Command as Commander, InvalidArgumentError, Option } from 'commander';
import { EXCEPTION_REASONS, type ExceptionReason } from '../../domain/exceptions/exceptions.js';
import { type Kind, KINDS } from '../../domain/events/kinds.js';
import { SHORTEST_EVENT_ID } from '../../domain/events/shownEvents.js';
import { parseDuration } from '../../manifest/duration.js';

/** Of every command. */
export interface GlobalOptions {
  readonly output: 'human' | 'json';
  readonly verbose?: boolean;
}

export function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('expected a whole number of 1 or more');
  return number;
}

/** Of an event: the whole id, or enough of its beginning. @returns lower case */
export function eventIdStart(text: string): string {
  if (!EVENT_ID_START.test(text)) {
    throw new InvalidArgumentError(`expected ${SHORTEST_EVENT_ID} to 64 hexadecimal digits`);
  }
  return text.toLowerCase();
}

const EVENT_ID_START = new RegExp(`^[0-9a-f]{${SHORTEST_EVENT_ID},64}$`, 'i');

/** How long: `90s`, `10m`, `24h`, `3d`. @returns milliseconds */
export function duration(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs === undefined) throw new InvalidArgumentError('expected a duration such as 90s, 10m, 24h, 3d');
  return durationMs;
}

/** A point in time: ISO 8601, or how long ago, as `90s`, `10m`, `2h`, `3d`. @returns ISO 8601 */
export function pointInTime(text: string): string {
  const agoMs = parseDuration(text);
  const timeMs = agoMs === undefined ? Date.parse(text) : Date.now() - agoMs;
  if (Number.isNaN(timeMs)) {
    throw new InvalidArgumentError('expected a time such as 2026-11-21T10:00:00Z, or an age such as 2h');
  }
  return new Date(timeMs).toISOString();
}

/** Who decided, for the record. */
export function person(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

/** Which held events. */
export interface FilterOptions {
  readonly reason?: ExceptionReason;
  readonly kind?: Kind;
  readonly before?: string;
  readonly limit?: number;
}

export function filtered(command: Commander): Commander {
  return command
    .addOption(new Option('--reason <reason>', 'only events held for this reason').choices(EXCEPTION_REASONS))
    .addOption(new Option('--kind <kind>', 'only events of this kind').choices(KINDS))
    .option('--before <time>', 'only events held before then: an ISO 8601 time, or an age such as 2h', pointInTime)
    .option('--limit <number>', 'at most this many', wholeNumber);
}

/** A part, but not all. */
export function percentage(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number < 100)) throw new InvalidArgumentError('expected a number above 0 and below 100');
  return number;
}
