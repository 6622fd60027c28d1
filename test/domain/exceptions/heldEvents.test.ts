import { describe, expect, it } from 'vitest';
import {
  AS_NEW_VERSION,
  faultOfDecision,
  MAX_DECIDE_IDS,
  MAX_DECIDE_LIMIT,
  MAX_REVEALED_BYTES,
} from '../../../src/domain/exceptions/heldEvents.js';

const who = { by: 'ana', why: 'looked into the lake' };
const one = { decision: 'resend', ...who, ids: [7] };
const filtered = { decision: 'abandon', ...who, reason: 'refused' };
const ids = (count: number) => Array.from({ length: count }, (_none, n) => n + 1);

describe('a decision about held events', () => {
  it.each<[string, unknown]>([
    ['of one event', one],
    ['of one event as it was seen', { ...one, version: 3 }],
    ['of as many as one update takes', { ...one, ids: ids(MAX_DECIDE_IDS) }],
    ['of all that are held for a reason', filtered],
    ['of all of a kind', { decision: 'resend', ...who, kind: 'transcript' }],
    ['of all before a time', { decision: 'resend', ...who, before: '2026-01-01T00:00:00Z' }],
    ['of as many as may be', { ...filtered, limit: MAX_DECIDE_LIMIT }],
    ['of one of many', { ...filtered, limit: 1 }],
    ['that is only tried', { ...filtered, dryRun: true }],
    ['that is not only tried', { ...filtered, dryRun: false }],
  ])('is taken: %s', (_what, input) => {
    expect(faultOfDecision(input)).toBeUndefined();
  });

  const BY = 'by must name the person who decides';
  const WHY = 'why must say why';
  const IDS = 'ids must be a list of numbers';
  const BOTH = 'give ids or a filter (reason, kind, before), not both';
  const BEFORE = 'before must be a time, ISO 8601';
  const VERSION = 'version is a number and goes with one id';
  const LIMIT = 'limit must be a number from 1 to 100000';

  it.each<[string, unknown, string]>([
    ['that is none', undefined, 'expected an object with decision, by and why'],
    ['that is null', null, 'expected an object with decision, by and why'],
    ['that is a text', 'resend', 'expected an object with decision, by and why'],
    ['with a misspelt member', { ...one, resaon: 'refused' }, 'resaon is unknown'],
    ['with a very long one', { ...one, ['x'.repeat(60)]: 1 }, `${'x'.repeat(40)} is unknown`],
    ['tried by a word', { ...one, dryRun: 'no' }, 'dryRun must be true or false'],
    [
      'of no sort',
      { ...one, decision: 'retry' },
      'decision must be one of resend, abandon, mark-delivered, reparse, deliver-as-new, acknowledge',
    ],
    ['of nobody', { ...one, by: undefined }, BY],
    ['of blanks', { ...one, by: '  ' }, BY],
    ['of a number', { ...one, by: 7 }, BY],
    ['without a why', { ...one, why: undefined }, WHY],
    ['for blanks', { ...one, why: ' \n' }, WHY],
    ['for an unknown reason', { ...filtered, reason: 'stolen' }, 'reason is unknown'],
    ['for no text', { ...filtered, reason: 7 }, 'reason is unknown'],
    ['of an unknown kind', { decision: 'resend', ...who, kind: 'bye' }, 'kind is unknown'],
    ['of a kind that is no text', { decision: 'resend', ...who, kind: 1 }, 'kind is unknown'],
    ['before no time', { decision: 'resend', ...who, before: 'yesterday' }, BEFORE],
    ['before a number', { decision: 'resend', ...who, before: 2_026 }, BEFORE],
    ['of nothing', { decision: 'resend', ...who }, 'give ids, or a filter: reason, kind, before'],
    ['of an empty list', { ...one, ids: [] }, IDS],
    ['of what is no list', { ...one, ids: 7 }, IDS],
    ['of texts', { ...one, ids: [1, '7'] }, IDS],
    ['of number 0', { ...one, ids: [0] }, IDS],
    ['of half a number', { ...one, ids: [1.5] }, IDS],
    ['of too many at once', { ...one, ids: ids(MAX_DECIDE_IDS + 1) }, 'at most 1000 ids at once'],
    ['of numbers and a reason', { ...one, reason: 'refused' }, BOTH],
    ['of numbers and a kind', { ...one, kind: 'transcript' }, BOTH],
    ['of numbers and a time', { ...one, before: '2026-01-01' }, BOTH],
    ['of a version of two', { ...one, ids: [1, 2], version: 3 }, VERSION],
    ['of a version of a filter', { ...filtered, version: 3 }, VERSION],
    ['of version 0', { ...one, version: 0 }, VERSION],
    ['of at most none', { ...filtered, limit: 0 }, LIMIT],
    ['of too many', { ...filtered, limit: MAX_DECIDE_LIMIT + 1 }, LIMIT],
    ['of at most a text', { ...filtered, limit: '5' }, LIMIT],
  ])('is refused: %s', (_what, input, fault) => {
    expect(faultOfDecision(input)).toBe(fault);
  });
});

it('an event that is delivered as new keeps the id that it was given, in every release', () => {
  expect(AS_NEW_VERSION).toBe('as-new/1');
});

it('a body is shown as far as an answer of Temporal goes: quoted and sealed below 2 MB', () => {
  expect(MAX_REVEALED_BYTES).toBe(262_144);
});
