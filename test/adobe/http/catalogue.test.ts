import { describe, expect, it } from 'vitest';
import { catalogueErrorOf, titleHolder } from '../../../src/adobe/http/catalogue.js';
import type { AdobeCallFailure } from '../../../src/adobe/http/errors.js';
import { sentenceOf, type ErrorCode } from '../../../src/domain/errors.js';

function refused(code: string | undefined, httpStatus: number, detail?: string): AdobeCallFailure {
  return { effect: 'none', kind: 'refused', error: { service: 'Schema Registry', httpStatus, code, detail } };
}

describe('what a refusal is to a person', () => {
  const rows: [string | undefined, number, ErrorCode][] = [
    ['invalid_client', 400, 'CAEP_CREDENTIALS_REFUSED'],
    ['invalid_scope', 400, 'CAEP_SCOPES_REFUSED'],
    ['401013', 401, 'CAEP_CREDENTIALS_REFUSED'],
    ['403003', 403, 'CAEP_CREDENTIALS_REFUSED'],
    ['403025', 403, 'CAEP_CREDENTIALS_REFUSED'],
    ['403027', 403, 'CAEP_CREDENTIALS_REFUSED'],
    ['400003', 400, 'CAEP_CREDENTIALS_REFUSED'],
    ['FLOW-2000-401', 401, 'CAEP_CREDENTIALS_REFUSED'],
    [undefined, 401, 'CAEP_CREDENTIALS_REFUSED'],
    ['FLOW-2120-403', 403, 'CAEP_PERMISSION_MISSING'],
    ['2121-403', 403, 'CAEP_PERMISSION_MISSING'],
    ['XDM-2010-403', 403, 'CAEP_PERMISSION_MISSING'],
    [undefined, 403, 'CAEP_PERMISSION_MISSING'],
    ['FLOW-2100-404', 404, 'CAEP_SANDBOX_UNKNOWN'],
    ['2103-404', 404, 'CAEP_SANDBOX_UNKNOWN'],
    ['XDM-2100-404', 404, 'CAEP_SANDBOX_UNKNOWN'],
    ['FLOW-1413-400', 400, 'CAEP_SOURCE_NOT_ENTITLED'],
    ['FLOW-1100-400', 400, 'CAEP_SOURCE_NOT_ENTITLED'],
    ['XDM-1521-400', 400, 'CAEP_TITLE_TAKEN'],
    ['XDM-1021-400', 400, 'CAEP_ADOBE_REFUSED'],
    ['FLOW-1425-400', 400, 'CAEP_ADOBE_REFUSED'],
    [undefined, 404, 'CAEP_ADOBE_REFUSED'],
  ];
  it.each(rows)('%s with %i is %s', (code, status, expected) => {
    expect(catalogueErrorOf(refused(code, status)).code).toBe(expected);
  });

  it('an unknown sandbox is known by its title, too', () => {
    const failure = refused(undefined, 404);
    const titled = { ...failure, error: { ...failure.error, title: 'Sandbox not found' } };
    expect(catalogueErrorOf(titled).code).toBe('CAEP_SANDBOX_UNKNOWN');
  });

  it('keeps what Adobe said', () => {
    const failure = refused('403025', 403, 'Profile is not valid');
    expect(sentenceOf(catalogueErrorOf(failure))).toContain('HTTP 403, 403025, Profile is not valid');
  });

  it('names who has the title, also when it is of another type', () => {
    const detail = 'Object titles must be unique. An object https://ns.adobe.com/acme/mixins/9f already exists';
    const failure = refused('XDM-1521-400', 400, detail);
    expect(titleHolder(failure)).toBe('https://ns.adobe.com/acme/mixins/9f');
    expect(catalogueErrorOf(failure, { title: 'Chatlio Events' }).fields).toEqual({
      title: 'Chatlio Events',
      holder: 'https://ns.adobe.com/acme/mixins/9f',
    });
    expect(titleHolder(refused('XDM-1021-400', 400, detail))).toBeUndefined();
  });
});

describe('what else can go wrong', () => {
  const rows: [AdobeCallFailure['kind'], ErrorCode][] = [
    ['not-sent', 'CAEP_ADOBE_UNAVAILABLE'],
    ['throttled', 'CAEP_ADOBE_UNAVAILABLE'],
    ['unavailable', 'CAEP_ADOBE_UNAVAILABLE'],
    ['ambiguous', 'CAEP_ADOBE_AMBIGUOUS'],
    ['unexpected', 'CAEP_ADOBE_UNEXPECTED'],
  ];
  it.each(rows)('%s is %s', (kind, expected) => {
    expect(catalogueErrorOf({ effect: 'maybe', kind, error: { service: 'Catalog' } }).code).toBe(expected);
  });
});
