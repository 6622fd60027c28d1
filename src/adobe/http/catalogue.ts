/** From what Adobe said to what a person reads: which entry of the error catalogue a failed call is. Pure. */
import type { AdobeError, CatalogueError, ErrorCode } from '../../domain/errors.js';
import { type AdobeCallFailure, OUT_OF_BUDGET } from './errors.js';
import { isSandboxUnknown } from './gone.js';

/** First match wins. Codes without their prefix (`FLOW-2120-403` is in the pages also `2120-403`). */
const REFUSALS: readonly { readonly pattern: RegExp; readonly code: ErrorCode }[] = [
  // Token service (RFC 6749 §5.2).
  { pattern: /^invalid_scope$/, code: 'CAEP_SCOPES_REFUSED' },
  {
    pattern: /^(invalid_client|invalid_grant|unauthorized_client|unsupported_grant_type|access_denied)$/,
    code: 'CAEP_CREDENTIALS_REFUSED',
  },
  // Gateway: token, key, organisation, product profile.
  { pattern: /^(401013|403000|403003|403010|403025|403027|400003)$/, code: 'CAEP_CREDENTIALS_REFUSED' },
  // Flow Service: token has no access to the organisation; organisation header; empty or invalid token.
  { pattern: /^(2000-401|2001-401|2002-401|2114-400|2115-400)$/, code: 'CAEP_CREDENTIALS_REFUSED' },
  { pattern: /^(2105-400|2111-403)$/, code: 'CAEP_SANDBOX_UNKNOWN' },
  { pattern: /^(2118-403|2120-403|2121-403|2010-403)$/, code: 'CAEP_PERMISSION_MISSING' },
  // "Not entitled to the operation"; "the spec ID provided is invalid", which our constants are only for those without the source.
  { pattern: /^(1100-400|1413-400)$/, code: 'CAEP_SOURCE_NOT_ENTITLED' },
  { pattern: /^1521-400$/, code: 'CAEP_TITLE_TAKEN' },
];

/**
 * @param fields what the entry's sentence and remedy name, as far as the caller knows it: `name`, `sandbox`, `title`,
 *   `field`, `attempts`
 */
export function catalogueErrorOf(
  failure: AdobeCallFailure,
  fields: Readonly<Record<string, string>> = {},
): CatalogueError {
  const { error: adobe } = failure;
  const code = codeOf(failure);
  const holder = code === 'CAEP_TITLE_TAKEN' ? titleHolder(failure) : undefined;
  return { code, fields: holder === undefined ? fields : { holder, ...fields }, adobe };
}

/** The `$id` of the resource that has the title, from an XDM-1521-400; it may be of another type than the refused one. */
export function titleHolder(failure: AdobeCallFailure): string | undefined {
  if (bareCode(failure.error) !== '1521-400') return undefined;
  return /https?:\/\/ns\.adobe\.com\/[^\s"',]+/.exec(failure.error.detail ?? '')?.[0];
}

function codeOf(failure: AdobeCallFailure): ErrorCode {
  switch (failure.kind) {
    case 'throttled':
      return failure.error.code === OUT_OF_BUDGET ? 'CAEP_ADOBE_BUDGET' : 'CAEP_ADOBE_UNAVAILABLE';
    case 'not-sent':
    case 'unavailable':
      return 'CAEP_ADOBE_UNAVAILABLE';
    case 'ambiguous':
      return 'CAEP_ADOBE_AMBIGUOUS';
    case 'unexpected':
      return 'CAEP_ADOBE_UNEXPECTED';
    case 'refused':
      return refusalCode(failure.error);
    default:
      return failure.kind satisfies never;
  }
}

function refusalCode(error: AdobeError): ErrorCode {
  if (isSandboxUnknown(error)) return 'CAEP_SANDBOX_UNKNOWN';
  const code = bareCode(error);
  const known = REFUSALS.find(({ pattern }) => pattern.test(code));
  if (known !== undefined) return known.code;
  if (error.httpStatus === 401) return 'CAEP_CREDENTIALS_REFUSED';
  if (error.httpStatus === 403) return 'CAEP_PERMISSION_MISSING';
  return 'CAEP_ADOBE_REFUSED';
}

function bareCode({ code = '' }: AdobeError): string {
  return code.replace(/^(FLOW|XDM)-/, '');
}
