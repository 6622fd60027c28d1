/** What options of several commands have in common. */
import { userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../manifest/duration.js';
import type { Command } from './ports.js';

/** Runs a command under its name with the arguments that the grammar has read. */
export type Does = <Arguments>(name: string, command: Command<Arguments>, args: Arguments) => Promise<void>;

export function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('expected a whole number from 1 on');
  return number;
}

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
    throw new InvalidArgumentError('expected a time such as 2026-11-21T10:00:00Z, or how long ago, such as 2h');
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
