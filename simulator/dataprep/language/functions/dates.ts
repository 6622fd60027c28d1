import { automaticDate, dateParser, DatePatternError, formatDate } from '../javaDates.js';
import { numberOf, textOf, TransformFailure, type Value } from '../values.js';
import { type DataPrepFunction, type FunctionTable, strict } from './definition.js';

function withPattern<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof DatePatternError) throw new TransformFailure(error.message, { cause: error });
    throw error;
  }
}

function dateOf(value: Value): Date {
  if (value instanceof Date) return value;
  if (typeof value === 'number') return new Date(value);
  const found = automaticDate(textOf(value));
  if (found === undefined) throw new TransformFailure('The text is no date that Data Prep recognises by itself');
  return found;
}

function format(value: Value | undefined, pattern: Value | undefined): Value {
  if (value === undefined || value === null) return null;
  return withPattern(() => formatDate(dateOf(value), textOf(pattern ?? null)));
}

/** Reads `text`; a third argument is what stands in for text that cannot be read. */
function date([text = null, pattern, fallback]: readonly Value[]): Value {
  if (text === null || text === '') return fallback === undefined ? null : dateOf(fallback);
  if (pattern === undefined) return dateOf(text);
  const found = withPattern(() => dateParser(textOf(pattern))(textOf(text)));
  if (found !== undefined) return found;
  if (fallback !== undefined) return dateOf(fallback);
  throw new TransformFailure(`The text does not fit the date format ${textOf(pattern)}`);
}

const DATE_PARTS: Readonly<Record<string, (at: Date) => number>> = {
  year: (at) => at.getUTCFullYear(),
  month: (at) => at.getUTCMonth() + 1,
  day: (at) => at.getUTCDate(),
  hour: (at) => at.getUTCHours(),
  minute: (at) => at.getUTCMinutes(),
  second: (at) => at.getUTCSeconds(),
  millisecond: (at) => at.getUTCMilliseconds(),
};
/** In UTC, as instants are kept; the parts that the page lists for setting. */
const SETTERS: Readonly<Record<string, (at: Date, value: number) => number>> = {
  year: (at, value) => at.setUTCFullYear(value),
  month: (at, value) => at.setUTCMonth(value - 1),
  day: (at, value) => at.setUTCDate(value),
  hour: (at, value) => at.setUTCHours(value),
  minute: (at, value) => at.setUTCMinutes(value),
  second: (at, value) => at.setUTCSeconds(value),
};
const DATE_PART_NAMES: Readonly<Record<string, keyof typeof DATE_PARTS>> = {
  yyyy: 'year',
  yy: 'year',
  mm: 'month',
  m: 'month',
  dd: 'day',
  d: 'day',
  hh: 'hour',
  hh24: 'hour',
  mi: 'minute',
  n: 'minute',
  ss: 'second',
  s: 'second',
  sss: 'millisecond',
};

const makeDateTime: DataPrepFunction = strict({ min: 6, max: 8 }, (given) => {
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, nano = 0] = given
    .slice(0, 7)
    .map((value) => numberOf(value, 'make_date_time'));
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second, Math.trunc(nano / 1e6)));
});

/** "Date and time functions". Instants are kept in UTC with milliseconds. */
export const DATE_FUNCTIONS: FunctionTable = {
  now: { kind: 'scoped', takes: { min: 0 }, apply: ({ nowMs }) => new Date(nowMs) },
  timestamp: { kind: 'scoped', takes: { min: 0 }, apply: ({ nowMs }) => nowMs },
  date: strict({ min: 1, max: 3 }, date),
  format: strict(2, ([value, pattern]) => format(value, pattern)),
  dformat: strict({ min: 2, max: 3 }, ([value, pattern]) => format(value, pattern)),
  zone_date_to_utc: strict(1, ([value = null]) => (value === null ? null : dateOf(value))),
  date_part: strict(2, ([part = null, value = null]) => {
    const name = textOf(part).toLowerCase();
    const read = DATE_PARTS[DATE_PART_NAMES[name] ?? name];
    if (read === undefined) throw new TransformFailure('date_part does not know this component');
    return value === null ? null : read(dateOf(value));
  }),
  set_date_part: strict(3, ([part = null, to = null, value = null]) => {
    const name = textOf(part).toLowerCase();
    const set = SETTERS[DATE_PART_NAMES[name] ?? name];
    if (set === undefined) throw new TransformFailure('set_date_part does not know this component');
    return value === null ? null : new Date(set(new Date(dateOf(value)), numberOf(to, 'set_date_part')));
  }),
  // The same instant: what is stored is in UTC, whatever the zone.
  zone_date_to_zone: strict(2, ([value = null]) => (value === null ? null : dateOf(value))),
  make_date_time: makeDateTime,
  make_timestamp: makeDateTime,
};
