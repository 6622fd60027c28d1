import { expect, it } from 'vitest';
import { compare } from '../../../../chaos/forward/records/compare.js';
import type { AtPlatform, ExceptionRecord, InStore } from '../../../../chaos/forward/records/records.js';

const ID = 'a1'.repeat(32);
const ONCE: AtPlatform = { acceptances: 1, dropped: 0, rows: 1, acceptedAtMs: [5_000] };
const LOGGED: InStore = { isLogged: true, exceptions: [] };
const held = (reason: string, more: Partial<ExceptionRecord> = {}): InStore => ({
  isLogged: true,
  exceptions: [{ reason, state: 'held', attempts: 1, facts: [], ...more }],
});

interface Case {
  readonly name: string;
  readonly arrivals?: readonly string[];
  readonly at?: AtPlatform;
  readonly stored?: InStore;
  readonly mayBeThrownAway?: boolean;
  readonly wrong: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'delivered once', at: ONCE, stored: LOGGED, wrong: [] },
  { name: 'never delivered, nothing held', stored: LOGGED, wrong: ['lost'] },
  { name: 'answered and not in the store', at: ONCE, wrong: ['lost'] },
  { name: 'unknown and not accepted', stored: held('unknown'), wrong: [] },
  { name: 'unknown and accepted', at: ONCE, stored: held('unknown'), wrong: [] },
  { name: 'refused and not accepted', stored: held('refused'), wrong: [] },
  { name: 'refused and accepted', at: ONCE, stored: held('refused'), wrong: ['misjudged'] },
  { name: 'refused after an unknown attempt', at: ONCE, stored: held('refused', { attempts: 2 }), wrong: [] },
  {
    name: 'ended as delivered and never accepted',
    stored: held('unknown', { state: 'resolved', resolution: 'delivered' }),
    wrong: ['lost'],
  },
  {
    name: 'abandoned by a person',
    stored: held('unknown', { state: 'resolved', resolution: 'abandoned' }),
    wrong: [],
  },
  {
    name: 'twice at the platform',
    at: { ...ONCE, acceptances: 2, rows: 2 },
    stored: held('unknown', { state: 'resolved', resolution: 'delivered', attempts: 2 }),
    wrong: ['repeated'],
  },
  {
    name: 'twice at the platform, as a person decided',
    at: { ...ONCE, acceptances: 2, rows: 2 },
    stored: held('unknown', { state: 'resolved', resolution: 'delivered', attempts: 2, decision: 'resend' }),
    wrong: [],
  },
  { name: 'accepted and thrown away', at: { ...ONCE, dropped: 1, rows: 0 }, stored: LOGGED, wrong: ['lost'] },
  {
    name: 'thrown away, as somebody has changed the flow, and held',
    at: { ...ONCE, dropped: 1, rows: 0 },
    stored: held('missing'),
    mayBeThrownAway: true,
    wrong: [],
  },
  {
    name: 'thrown away, as somebody has changed the flow, and not held',
    at: { ...ONCE, dropped: 1, rows: 0 },
    stored: LOGGED,
    mayBeThrownAway: true,
    wrong: ['lost'],
  },
  {
    name: 'held as missing, and in the lake',
    at: ONCE,
    stored: held('missing'),
    mayBeThrownAway: true,
    wrong: ['misjudged'],
  },
  { name: 'accepted and not in the lake', at: { ...ONCE, rows: 0 }, stored: LOGGED, wrong: ['misjudged'] },
  { name: 'a conflict that is held', arrivals: ['logged', 'conflict'], at: ONCE, stored: held('conflict'), wrong: [] },
  { name: 'a conflict that is not held', arrivals: ['logged', 'conflict'], at: ONCE, stored: LOGGED, wrong: ['lost'] },
  { name: 'a conflict alone', stored: held('conflict'), wrong: ['lost'] },
];

it.each(CASES)('$name: $wrong', ({ arrivals = ['logged'], at, stored, mayBeThrownAway, wrong }) => {
  const { differences } = compare({
    taken: new Map([['1/feedback', { eventId: ID, arrivals }]]),
    contradictions: [],
    platform: new Map(at === undefined ? [] : [[ID, at]]),
    store: new Map(stored === undefined ? [] : [[ID, stored]]),
    quietTimes: [],
    inRequests: [],
    mayBeThrownAway,
  });
  expect(differences.map((one) => one.wrong)).toEqual(wrong);
});

it('finds what nobody has posted, and what was sent through a closed gate', () => {
  const { differences } = compare({
    taken: new Map(),
    contradictions: ['one id for two events'],
    platform: new Map([[ID, ONCE]]),
    store: new Map(),
    quietTimes: [
      { change: 'disable', fromMs: 4_000, toMs: 6_000 },
      { change: 'pause', fromMs: 6_000, toMs: 7_000 },
    ],
    inRequests: [],
  });
  expect(differences.map((one) => one.wrong)).toEqual(['contradiction', 'invented', 'through the gate']);
});
