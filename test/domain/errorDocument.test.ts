import { expect, it } from 'vitest';
import { errorDocument } from '../../src/domain/errorDocument.js';

it('an error as a document says what, what to do, and whether to try again', () => {
  expect(errorDocument({ code: 'CAEP_SOURCE_UNKNOWN', fields: { name: 'support-chat' } })).toEqual({
    code: 'CAEP_SOURCE_UNKNOWN',
    message: 'There is no source named support-chat.',
    remedy: expect.stringContaining('`chatlio-aep status`'),
    retryable: false,
  });
});

it('an error as a document keeps what Adobe said and which fields are wrong', () => {
  const adobe = { service: 'Catalog', httpStatus: 503 };
  const problems = [{ path: 'name', expected: 'a name', got: 'nothing' }];
  expect(errorDocument({ code: 'CAEP_ADOBE_UNAVAILABLE', fields: {}, adobe, problems })).toMatchObject({
    retryable: true,
    adobe,
    problems,
  });
});
