import { describe, expect, it } from 'vitest';
import { AdobeCallError } from '../../src/adobe/http/errors.js';
import { activityFailure, retryDelayMs, toCatalogueError } from '../../src/activities/failures.js';
import { codedError } from '../../src/domain/errors.js';

const bounds = { maxAttempts: 8, firstDelayMs: 1_000, longestDelayMs: 30_000 };
const call = (kind: AdobeCallError['kind'], retryAfterMs?: number) =>
  new AdobeCallError({ effect: 'none', kind, error: { service: 'Catalog', httpStatus: 400 }, retryAfterMs });

describe('an activity that fails', () => {
  it('surfaces a definitive refusal at once', () => {
    expect(activityFailure(call('refused'), { attempt: 1, bounds, fields: {} }).nonRetryable).toBe(true);
  });

  it('tries again where the gateway does not know a token that was just renewed: another call of it may be known', () => {
    const error = { service: 'Schema Registry', httpStatus: 401, code: '401013' };
    const revoked = new AdobeCallError({ effect: 'none', kind: 'refused', error });
    expect(activityFailure(revoked, { attempt: 1, bounds, fields: {} })).toMatchObject({
      type: 'CAEP_CREDENTIALS_REFUSED',
      nonRetryable: false,
    });
    expect(activityFailure(revoked, { attempt: bounds.maxAttempts, bounds, fields: {} }).nonRetryable).toBe(true);
  });

  it.each(['throttled', 'not-sent', 'unavailable', 'ambiguous', 'unexpected'] as const)(
    'tries again after "%s", until the bound',
    (kind) => {
      expect(activityFailure(call(kind), { attempt: 1, bounds, fields: {} }).nonRetryable).toBe(false);
      expect(activityFailure(call(kind), { attempt: bounds.maxAttempts, bounds, fields: {} }).nonRetryable).toBe(true);
    },
  );

  it("waits as long as Adobe's Retry-After says", () => {
    const failure = activityFailure(call('throttled', 7_000), { attempt: 1, bounds, fields: {} });
    expect(failure.nextRetryDelay).toBe(7_000);
  });

  it('carries the catalogue error and the doubt about its create, for the workflow', () => {
    const error = codedError('CAEP_NAMESPACE_UNKNOWN', { namespace: 'X' });
    const failure = activityFailure(error, { attempt: 1, bounds, fields: { name: 'n' }, ambiguousSince: 5 });
    expect(failure.type).toBe('CAEP_NAMESPACE_UNKNOWN');
    expect(failure.details?.[0]).toMatchObject({
      error: { code: 'CAEP_NAMESPACE_UNKNOWN', fields: { namespace: 'X', name: 'n' } },
      ambiguousSince: 5,
    });
  });
});

describe('a failure of the surroundings', () => {
  it.each([
    [
      'CAEP_DATABASE_UNREACHABLE',
      Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' }),
    ],
    [
      'CAEP_DATABASE_UNREACHABLE',
      Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' }),
    ],
    ['CAEP_DATABASE_UNREACHABLE', new Error('Query read timeout')],
    ['CAEP_DATABASE_UNREACHABLE', new Error('timeout exceeded when trying to connect')],
    ['CAEP_DISK_FULL', Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' })],
  ])('is %s', (code, failure) => {
    expect(toCatalogueError(failure, { name: 'n' })).toMatchObject({ code, fields: { name: 'n' } });
  });

  it('is not made of a statement that PostgreSQL refuses', () => {
    const refused = Object.assign(new Error('column "x" does not exist'), { code: '42703' });
    expect(toCatalogueError(refused, {}).code).toBe('CAEP_INTERNAL');
  });
});

describe('the delay between attempts', () => {
  it.each([
    [1, 0, 500],
    [1, 1, 1_000],
    [3, 1, 4_000],
    [8, 1, 30_000],
    [8, 0, 15_000],
  ])('of attempt %i with random %f is %i ms', (attempt, random, expected) => {
    expect(retryDelayMs(attempt, bounds, random)).toBe(expected);
  });
});
