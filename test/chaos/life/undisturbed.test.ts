import { describe, expect, it } from 'vitest';
import { pointsOf } from '../../../chaos/life/kills/undisturbed.js';
import { differencesOf } from '../../../chaos/life/state/snapshot.js';

const get = (route: string, path = '/') => ({ method: 'GET', route, path });

describe('the moments of a kill', () => {
  it('are before a read, and before, in and after a write', () => {
    const points = pointsOf([get('flows.get'), { method: 'PATCH', route: 'flows.patch', path: '/' }], {});
    expect(points.map(({ name }) => name)).toEqual([
      'before flows.get',
      'flows.patch, effect done, answer comes after the kill',
      'flows.patch, effect done, answer lost',
      'flows.patch, effect comes after the kill',
    ]);
  });

  it('tell the requests of one kind apart, and take one that waits for something as one', () => {
    const points = pointsOf(
      ['flows.get', 'flows.get', 'groups.get', 'flows.get'].map((route) => get(route)),
      {},
    );
    expect(points.map(({ route, nth }) => [route, nth])).toEqual([
      ['flows.get', 1],
      ['groups.get', 1],
      ['flows.get', 3],
    ]);
  });

  it('are counted among the requests for the same object, however its id is written', () => {
    const id = 'https://ns.adobe.com/acme/schemas/17a';
    const resources = {
      flow: { kind: 'flow', id: 'f1', origin: 'created' },
      schema: { kind: 'schema', id, origin: 'created' },
    } as const;
    const points = pointsOf(
      [
        get('flows.get', '/flows/f2'),
        get('schemas.get', `/schemas/${encodeURIComponent(id)}?x=f1`),
        get('flows.get', '/flows/f1'),
        get('schemas.get', '/schemas/_acme.schemas.17a'),
        get('flows.get', '/flows/f2'),
      ],
      resources,
    );
    expect(points.map(({ of, route, nth }) => [of ?? 'new', route, nth])).toEqual([
      ['new', 'flows.get', 1],
      ['schema', 'schemas.get', 1],
      ['flow', 'flows.get', 1],
      ['schema', 'schemas.get', 2],
      ['new', 'flows.get', 3],
    ]);
  });

  it('are not in what a live source asks all the time', () => {
    const routes = ['flowservice.runs.list', 'ims.token', 'queryservice.connectionParameters'];
    expect(
      pointsOf(
        routes.map((route) => get(route)),
        {},
      ),
    ).toEqual([]);
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
