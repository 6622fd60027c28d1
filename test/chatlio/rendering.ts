/** Arbitrary renderings of one JSON value: key order, and the three ways of sending nothing. */
import * as fc from 'fast-check';

/** A member that is none, written in one of the ways that Chatlio might. */
const NOTHING = [undefined, null, ''] as const;

/** The same value with the keys of every object shuffled, and what is "" in it sent as null or not at all. */
export function rendered(value: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(value)) return fc.tuple(...value.map(rendered));
  if (typeof value !== 'object' || value === null) return fc.constant(value);
  const members = Object.entries(value).map(([key, member]: [string, unknown]) =>
    (member === '' ? fc.constantFrom(...NOTHING) : rendered(member)).map((drawn) => [key, drawn] as const),
  );
  return fc
    .tuple(...members)
    .chain((drawn) => fc.shuffledSubarray(drawn, { minLength: drawn.length }))
    .map((drawn) => Object.fromEntries(drawn));
}

/** As it arrives: through JSON text. */
export function asJson(value: unknown): object {
  return JSON.parse(JSON.stringify(value)) as object;
}
