/**
 * The kinds of value that a variable can have. Each knows how to say what was expected; blanks and line ends around a value
 * are dropped, because files and secret stores add them unseen.
 */
import * as z from 'zod';
import { ADDRESS_EXPECTED, parseAddress } from './address.js';

/** An empty variable counts as an absent one, as shells make that easy to get wrong. */
export const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => {
    const text = typeof value === 'string' ? value.trim() : value;
    return text === '' ? undefined : text;
  }, schema.optional());

export const text = z.string();

export const word = z.string().regex(/^\S+$/, 'one word, without blanks or line ends inside');

/** As Temporal takes them: it puts a deployment and a build together with a dot or a colon, and keeps names with two underscores. */
export const deploymentName = z
  .string()
  .regex(
    /^(?!__)[^\s.:]{1,100}$/,
    'a name of at most 100 characters, without blanks, dots and colons, such as chatlio-aep',
  );

export const buildId = z
  .string()
  .regex(
    /^(?!__)[^\s:]{1,100}$/,
    'an id of at most 100 characters, without blanks and colons, such as 0.4.0 or a commit',
  );

/** Sent in a header, which nothing but visible ASCII can stand in. */
export const headerValue = z.string().regex(/^[!-~]+$/, 'one word of letters, digits and signs, all ASCII');

/** As `keys access` prints it. */
export const accessKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'what `chatlio-aep keys access` prints: 43 letters, digits, - and _')
  .transform((key) => Buffer.from(key, 'base64url'));

export const organisation = z
  .string()
  .regex(/^[^\s@]+@AdobeOrg$/, 'an organisation id such as 1A2B3C4D5E6F7A8B@AdobeOrg');

/** Adobe's form is comma separated; its pages also show blanks between. */
export const scopes = z.string().transform((list) =>
  list
    .split(/[\s,]+/)
    .filter((scope) => scope !== '')
    .join(','),
);

/** The simulator says which there are. */
export const policies = z
  .string()
  .regex(/^\w+=[^,]+(,\w+=[^,]+)*$/, 'name=value, and more of them after commas')
  .transform((list) => list.split(','));

export const url = z
  .url({ protocol: /^https?$/, error: 'an http or https URL, such as https://chat.example.com' })
  .refine((address) => !/[?#]/.test(address), 'a URL without ? and #')
  .transform((address) => address.replace(/\/+$/, ''));

export const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'a PostgreSQL URL, such as postgres://user:password@host:5432/database')
  .refine(
    (address) => !hasRawCharacters(address),
    'a PostgreSQL URL with special characters of user and password encoded: @ as %40, # as %23, / as %2F, ? as %3F, : as %3A, % as %25',
  );

/** A password as it is, put between `:` and `@`: another host, or another database, would be read from it. */
function hasRawCharacters(address: string): boolean {
  const [, rest = ''] = address.split('://', 2);
  const authority = rest.split(/[/?]/, 1)[0] ?? '';
  const isCutShort = /^[^@/?]*:[^@/?]*[/?][^=]*@/.test(rest);
  const isEncoded = !/%(?![0-9a-f]{2})/i.test(authority);
  return rest.includes('#') || authority.split('@').length > 2 || isCutShort || !isEncoded || !URL.canParse(address);
}

export const temporalAddress = z.string().transform((address, context) => {
  const parsed = parseAddress(address);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: ADDRESS_EXPECTED });
  return z.NEVER;
});

export const port = wholeNumber(0, 65_535);

/** A whole number within bounds, in decimal digits: no `0x`, no exponent, no sign. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER) {
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  const expected = `a whole number ${range}`;
  return z
    .string()
    .regex(/^\d+$/, expected)
    .transform(Number)
    .refine((number) => number >= least && number <= most, expected);
}

export function oneOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.enum(names, { error: `one of ${names.join(', ')}` });
}
