import { expect, it } from 'vitest';
import { BEFORE_EFFECT, type KillPoint, killRule, parkRule } from '../../../chaos/stack/kills/killPoints.js';
import { hits, matches } from '../../../simulator/faults/faults.js';

const POINT: KillPoint = {
  what: 'before a request',
  name: 'before flows.patch (2)',
  parkedAt: 'flows.patch',
  nth: 2,
  method: 'PATCH',
  path: 'f1',
  route: 'flows.patch',
  fault: BEFORE_EFFECT,
};
const asked = {
  routeName: 'flows.patch',
  method: 'PATCH',
  path: '/flows/f1',
  body: Buffer.alloc(0),
  sandbox: 'chaos-1',
};

it('a moment is the n-th request for the object that is meant, in its sandbox', () => {
  for (const rule of [parkRule('chaos-1', POINT), killRule('chaos-1', POINT)]) {
    expect(matches(rule.match, asked)).toBe(true);
    for (const other of [
      { path: '/flows/f2' },
      { method: 'GET' },
      { sandbox: 'chaos-2' },
      { routeName: 'flows.get' },
    ]) {
      expect(matches(rule.match, { ...asked, ...other })).toBe(false);
    }
  }
  const parked = { id: 'park', ...parkRule('chaos-1', POINT) };
  expect([1, 2, 3].map((nth) => hits(parked, nth))).toEqual([false, true, true]);
});
