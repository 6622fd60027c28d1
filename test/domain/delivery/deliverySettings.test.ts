import { describe, expect, it } from 'vitest';
import {
  CHOICE_SETTINGS,
  COUNT_SETTINGS,
  DURATION_SETTINGS,
  type DurationSetting,
} from '../../../src/domain/delivery/deliverySettings.js';
import { DELIVERY } from '../../support/delivery.js';

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function inMs(written: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(written) ?? [];
  return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

/** What Adobe documents, and what the guide for operators says. */
describe('a manifest that says nothing about delivery', () => {
  it.each<[string, DurationSetting, string]>([
    ['waits longer than Adobe’s gateway, which gives up after 60 s', 'requestTimeout', '65s'],
    ['lets another sender take over after', 'lease', '15s'],
    ['waits after a change of the flow, as Adobe advises, for', 'settleWindow', '5m'],
    ['is ready to wait after a change of the schema, which is cached, for', 'schemaSettleWindow', '15m'],
    ['gives an event to show in the lake', 'lakeLatency', '3h'],
    ['warns of silence after', 'quietWarning', '24h'],
    ['keeps bodies for', 'retention', '30d'],
  ])('%s (%s) %s', (_what, setting, value) => {
    expect(DURATION_SETTINGS[setting].default).toBe(value);
  });

  it('sends in one partition, within Adobe’s guidance for a source', () => {
    const { partitions, concurrency, maxRequestsPerSecond } = COUNT_SETTINGS;
    expect([partitions.default, concurrency.default, maxRequestsPerSecond.default]).toEqual([1, 128, 1_000]);
  });

  it('calls an outcome unknown in doubt, and sends again what was looked for and is not there', () => {
    expect([CHOICE_SETTINGS.on503.default, CHOICE_SETTINGS.onNotFound.default]).toEqual(['strict', 'resend']);
    expect([CHOICE_SETTINGS.on503.choices, CHOICE_SETTINGS.onNotFound.choices]).toEqual([
      ['strict', 'lenient'],
      ['resend', 'hold'],
    ]);
  });
});

describe('a delivery setting', () => {
  const durations = Object.entries(DURATION_SETTINGS);

  it.each(durations)('%s has its default within its bounds, and is kept in milliseconds', (name, facts) => {
    expect(inMs(facts.atLeast)).toBeLessThanOrEqual(inMs(facts.default));
    expect(inMs(facts.default)).toBeLessThan(inMs(facts.atMost));
    expect(facts.field).toBe(`${name}Ms`);
    expect(Object.keys(DELIVERY)).toContain(facts.field);
  });

  it.each([...durations, ...Object.entries(COUNT_SETTINGS), ...Object.entries(CHOICE_SETTINGS)])(
    '%s says what it means',
    (_name, { meaning }) => {
      expect(meaning).toMatch(/^[A-Z\w].*\.$/);
    },
  );

  it('of 0 would be no timeout and no lease at all', () => {
    const { requestTimeout, lease, lakeLatency } = DURATION_SETTINGS;
    for (const { atLeast } of [requestTimeout, lease, lakeLatency]) expect(inMs(atLeast)).toBeGreaterThan(0);
  });
});
