import { describe, expect, it } from 'vitest';
import { movedSince } from '../../../src/domain/planning/savedPlan.js';
import type { SeenObject } from '../../../src/domain/source/plan.js';

const flow = (fields: SeenObject['fields'], id = 'f-1'): SeenObject => ({ step: 'flow', id, fields });
const named = (found?: string) =>
  flow([
    { field: 'name', found },
    { field: 'state', found: 'enabled' },
  ]);

describe('what has moved since a plan was made', () => {
  it('is nothing where every field is found as it was', () => {
    expect(movedSince([named('a')], [named('a')])).toBeUndefined();
    expect(movedSince([flow('gone')], [flow('gone')])).toBeUndefined();
  });

  it('names the field, as it was and as it is', () => {
    expect(movedSince([named('a')], [named('b')])).toBe('flow name: a, now b');
    expect(movedSince([named('a')], [named()])).toBe('flow name: a, now none');
    expect(movedSince([flow([])], [named('b')])).toBe('flow name: none, now b; flow state: none, now enabled');
  });

  it('names what is gone, what is another one, and what is there now', () => {
    expect(movedSince([named('a')], [flow('gone')])).toBe('flow: f-1, now gone');
    expect(movedSince([flow([], 'f-1')], [flow([], 'f-2')])).toBe('flow: f-1, now f-2');
    expect(movedSince([], [named('a')])).toBe('flow: not there, now f-1');
  });

  it('counts what is more than a few', () => {
    const fields = (found: string) => flow(['a', 'b', 'c', 'd', 'e'].map((field) => ({ field, found })));
    expect(movedSince([fields('1')], [fields('2')])).toMatch(/c: 1, now 2; and 2 more$/);
  });
});
