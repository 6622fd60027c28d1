import { describe, expect, it } from 'vitest';
import {
  amended,
  isTakenAway,
  isWaitedFor,
  isWaitingToTearDown,
  judgeSpools,
  pauseAfter,
  type SpoolReport,
  TEARDOWN_WAITS,
  teardownOf,
} from '../../../src/domain/source/teardown.js';

const report = (id: string, changes: Partial<SpoolReport> = {}): SpoolReport => ({
  id,
  spooled: 0,
  silentForMs: 1_000,
  isLater: true,
  ...changes,
});

describe('what a teardown waits for', () => {
  it.each([
    [{}, ['spools', 'delivery', 'confirmation']],
    [{ discard: true }, ['spools', 'confirmation']],
    [{ noWait: true }, ['spools', 'delivery']],
    [{ discard: true, noWait: true }, ['spools']],
  ])('with %j', (input, waits) => {
    const teardown = teardownOf(input, 0);
    expect(TEARDOWN_WAITS.filter((wait) => isWaitedFor(teardown, wait))).toEqual(waits);
  });

  it('only becomes less when it is said again', () => {
    const first = teardownOf({ discard: true, withoutReceivers: ['a'], by: 'ana' }, 7);
    expect(amended(first, { noWait: true, withoutReceivers: ['a', 'b'] })).toEqual({
      since: 7,
      by: 'ana',
      discard: true,
      noWait: true,
      withoutReceivers: ['a', 'b'],
      deleteData: false,
    });
  });

  it('is told only while nothing is taken away yet', () => {
    const teardown = { ...teardownOf({}, 0), revokedAt: '2026-02-02T00:00:00.000Z' };
    expect(isWaitingToTearDown({ phase: 'live', teardown })).toBe(true);
    expect(isWaitingToTearDown({ phase: 'held', hold: { waitsFor: 'spools' }, teardown })).toBe(true);
    expect(isWaitingToTearDown({ phase: 'undoing', teardown })).toBe(false);
    expect(isWaitingToTearDown({ phase: 'held', hold: {}, teardown })).toBe(false);
    expect(isWaitingToTearDown({ phase: 'live', teardown: teardownOf({}, 0) })).toBe(false);
    expect(isWaitingToTearDown({ phase: 'live' })).toBe(false);
  });
});

it('a spool is awaited until its receiver says that it is empty, after the URLs were revoked; who is silent says nothing', () => {
  const reports = [
    report('empty'),
    report('full', { spooled: 1 }),
    report('before', { isLater: false }),
    report('silent', { silentForMs: 60_001 }),
    report('left out', { silentForMs: 60_001, spooled: 3 }),
  ];
  const { awaited, silent } = judgeSpools(reports, ['left out']);
  expect(awaited.map(({ id }) => id)).toEqual(['full', 'before']);
  expect(silent.map(({ id }) => id)).toEqual(['silent']);
});

it('pauses grow from half a second to five minutes', () => {
  expect([0, 1, 2, 9, 10, 5_000].map(pauseAfter)).toEqual([500, 1_000, 2_000, 256_000, 300_000, 300_000]);
});

it('what holds the events is taken away only when that was said', () => {
  expect([isTakenAway('dataset', false), isTakenAway('schema', false), isTakenAway('flow', false)]).toEqual([
    false,
    false,
    true,
  ]);
  expect(isTakenAway('dataset', true)).toBe(true);
});
