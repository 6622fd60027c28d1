import { describe, expect, it } from 'vitest';
import { pointsOf } from '../../../chaos/life/kills/undisturbed.js';
import { differencesOf } from '../../../chaos/life/state/snapshot.js';

const get = (route: string) => ({ method: 'GET', route });

describe('the moments of a kill', () => {
  it('are before a read, and before, in and after a write', () => {
    const points = pointsOf([get('flows.get'), { method: 'PATCH', route: 'flows.patch' }]);
    expect(points.map(({ name }) => name)).toEqual([
      'before flows.get',
      'flows.patch, effect done, answer comes after the kill',
      'flows.patch, effect done, answer lost',
      'flows.patch, effect comes after the kill',
    ]);
  });

  it('tell the requests of one kind apart, and take one that waits for something as one', () => {
    const points = pointsOf(['flows.get', 'flows.get', 'groups.get', 'flows.get'].map(get));
    expect(points.map(({ route, nth }) => [route, nth])).toEqual([
      ['flows.get', 1],
      ['groups.get', 1],
      ['flows.get', 3],
    ]);
  });

  it('are not in what a live source asks all the time', () => {
    expect(pointsOf(['flowservice.runs.list', 'ims.token', 'queryservice.connectionParameters'].map(get))).toEqual([]);
  });
});

it('two states differ in what one has and the other has not, by its path', () => {
  const found = { a: { b: [1, 2] }, c: 'same', e: 1 };
  const expected = { a: { b: [1, 3] }, c: 'same', d: 1 };
  expect(differencesOf(found, expected)).toEqual([
    'a.b.1: 2, expected 3',
    'e: 1, expected nothing',
    'd: nothing, expected 1',
  ]);
  expect(differencesOf(found, structuredClone(found))).toEqual([]);
});
