/**
 * One form of times in every JSON document. Some members are milliseconds since the epoch and stay so; beside each, under the
 * same name with `Iso`, stands what all others are: ISO 8601 in UTC.
 */

/** Names of the members that are a point in time when they hold a number. */
const TIME = /(At|Since|^since|^at)$/;

export function withIsoTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withIsoTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]: [string, unknown]) => [
      [name, withIsoTimes(member)],
      ...(typeof member === 'number' && TIME.test(name) ? [[`${name}Iso`, new Date(member).toISOString()]] : []),
    ]),
  );
}
