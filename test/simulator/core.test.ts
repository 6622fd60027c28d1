/** Pure parts that several services share. */
import { describe, expect, test } from 'vitest';
import { createClock } from '../../simulator/clock.js';
import { createJournal } from '../../simulator/admin/journal.js';
import { applyPatch, mergePatch, PatchError, type PatchOperation } from '../../simulator/values/jsonPatch.js';
import { maskBody, maskPath } from '../../simulator/admin/masking.js';
import { COMPARISONS, fits, parsePropertyFilter } from '../../simulator/values/propertyFilter.js';

describe('JSON Patch', () => {
  const document = { name: 'a', tags: { team: ['x', 'y'] }, 'a/b': { '~': 1 } };
  test.each<[PatchOperation, unknown]>([
    [
      { op: 'replace', path: '/name', value: 'b' },
      { ...document, name: 'b' },
    ],
    [
      { op: 'add', path: '/state', value: null },
      { ...document, state: null },
    ],
    [
      { op: 'remove', path: '/tags' },
      { name: 'a', 'a/b': { '~': 1 } },
    ],
    [
      { op: 'add', path: '/tags/team/-', value: 'z' },
      { ...document, tags: { team: ['x', 'y', 'z'] } },
    ],
    [
      { op: 'add', path: '/tags/team/0', value: 'w' },
      { ...document, tags: { team: ['w', 'x', 'y'] } },
    ],
    [
      { op: 'remove', path: '/tags/team/1' },
      { ...document, tags: { team: ['x'] } },
    ],
    [
      { op: 'replace', path: '/a~1b/~0', value: 2 },
      { ...document, 'a/b': { '~': 2 } },
    ],
    [{ op: 'replace', path: '', value: 5 }, 5],
  ])('%o', (operation, expected) => {
    const before = structuredClone(document);
    expect(applyPatch(document, [operation])).toEqual(expected);
    expect(document).toEqual(before);
  });

  test.each<PatchOperation>([
    { op: 'replace', path: '/mood', value: 1 },
    { op: 'remove', path: '/mood' },
    { op: 'add', path: '/mood/deep', value: 1 },
    { op: 'add', path: 'name', value: 1 },
    { op: 'add', path: '/name/x', value: 1 },
    { op: 'add', path: '/tags/team/9', value: 1 },
    { op: 'replace', path: '/tags/team/-', value: 1 },
  ])('%o leads nowhere', (operation) => {
    expect(() => applyPatch(document, [operation])).toThrow(PatchError);
  });

  test('makes parents only where it may', () => {
    const operation = { op: 'add', path: '/x/y/z', value: 1 } as const;
    expect(applyPatch({}, [operation], true)).toEqual({ x: { y: { z: 1 } } });
    expect(() => applyPatch({}, [operation])).toThrow(PatchError);
  });

  test('JSON Merge Patch removes with null and merges objects', () => {
    expect(mergePatch({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null, e: 3 }, d: [2] })).toEqual({
      a: { c: 2, e: 3 },
      d: [2],
    });
  });
});

describe('property filters', () => {
  const object = { name: 'b=c', count: 9, ids: ['x', 'y'], spec: { id: 's' }, on: true };
  test.each([
    ['name==b=c', true],
    ['name!=b=c', false],
    ['count>8', true],
    ['count>10', false],
    ['count<=9', true],
    ['ids[]==y', true],
    ['ids==z', false],
    ['spec.id==s', true],
    ['on==true', true],
    ['mood', false],
    ['spec', true],
    ['mood!=x', true],
  ])('%s: %s', (expression, expected) => {
    const filter = parsePropertyFilter(expression);
    expect(filter !== undefined && fits(object, filter)).toBe(expected);
  });

  test.each(['name=x', 'name~x', '==x', ''])('%s is no filter', (expression) => {
    expect(parsePropertyFilter(expression, COMPARISONS)).toBeUndefined();
  });
});

describe('masking', () => {
  const inletId = `${'a'.repeat(60)}beef`;
  test.each<[string, string | undefined, unknown]>([
    [
      '{"access_token":"s","list":[{"password":"s"}],"name":"n"}',
      undefined,
      { access_token: '***', list: [{ password: '***' }], name: 'n' },
    ],
    [
      `{"options":{"inletUrl":"http://h/collection/${inletId}"}}`,
      undefined,
      { options: { inletUrl: 'http://h/collection/***beef' } },
    ],
    ['client_id=c&client_secret=s', 'application/x-www-form-urlencoded', 'client_id=c&client_secret=***'],
    ['{"client_secret":"s', 'application/json', '***'],
    [`{"client_secret":"s","x":"${'x'.repeat(9_000)}"}`, 'application/json', '***'],
    ['plain', undefined, 'plain'],
    ['', undefined, undefined],
  ])('%s', (text, contentType, expected) => {
    expect(maskBody(text, contentType)).toEqual(expected);
  });

  test('reaches paths and queries', () => {
    const query = new URLSearchParams({ client_secret: 's', grant_type: 'g' });
    expect(maskPath(`/collection/batch/${inletId}`, query)).toBe(
      '/collection/batch/***beef?client_secret=***&grant_type=g',
    );
  });
});

describe('the clock', () => {
  const make = () => {
    const errors: unknown[] = [];
    return { errors, clock: createClock({ onError: (error) => errors.push(error) }) };
  };

  test('runs what becomes due in its order, waiting for each, and goes on after a failure', async () => {
    const { clock, errors } = make();
    const ran: string[] = [];
    const at = clock.now();
    clock.schedule(at + 2_000, async () => {
      await Promise.resolve();
      ran.push('second');
    });
    clock.schedule(at + 1_000, () => void ran.push('first'));
    clock.schedule(at + 1_500, () => {
      throw new Error('broken');
    });
    clock.schedule(at + 60_000, () => void ran.push('not yet'));
    const cancel = clock.schedule(at + 1_000, () => void ran.push('cancelled'));
    cancel();
    await clock.advance(2_000);
    expect(ran).toEqual(['first', 'second']);
    expect(errors).toHaveLength(1);
    clock.close();
  });

  test('runs by real time as well', async () => {
    const { clock } = make();
    await new Promise<void>((resolve) => clock.schedule(clock.now() + 10, resolve));
    clock.close();
    expect(clock.offsetMs).toBe(0);
  });
});

test('the journal keeps the newest entries only', () => {
  const journal = createJournal(10);
  for (let number = 0; number < 100; number++) {
    const at = {
      atMs: 0,
      durationMs: 0,
      requestId: '',
      method: 'GET',
      path: '/',
      route: '',
      status: number,
      faults: [],
      notes: [],
    };
    journal.add(at);
  }
  const statuses = journal.list().map(({ status }) => status);
  expect(statuses.length).toBeGreaterThanOrEqual(10);
  expect(statuses.length).toBeLessThan(20);
  expect(statuses.at(-1)).toBe(99);
});
