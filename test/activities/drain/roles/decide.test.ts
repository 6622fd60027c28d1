import { describe, expect, it } from 'vitest';
import { decide, type Decision, roomToIntend } from '../../../../src/activities/drain/roles/decide.js';
import type { DrainState, DrainTerms, PlannedEnd } from '../../../../src/activities/drain/state.js';
import { intend } from '../../../../src/domain/delivery/cursor.js';
import { eventOf, events, NOW, NOW_MS, requestOf, restingState } from '../states.js';

type Case = readonly [string, (state: DrainState) => void, Decision];

const TEN_MIB = Buffer.alloc(10 * 1024 * 1024);
const FORTY_MIB = Buffer.alloc(40 * 1024 * 1024);

const fault = { stops: 'outage', detail: 'HTTP 503' } as const;
const accepted = { kind: 'accepted', receipt: { inletId: 'inlet' } } as const;

function decideOn(change: (state: DrainState) => void, terms?: Partial<DrainTerms>): Decision {
  const state = restingState(terms);
  change(state);
  const before = structuredClone(state);
  const decision = decide(state, NOW);
  // Nothing was done.
  expect(structuredClone(state)).toEqual(before);
  return decision;
}

function running(state: DrainState, count: number): void {
  for (const { seq } of events(count)) state.sending.running.add(requestOf(seq));
}

function booked(state: DrainState, count: number, sinceMs = NOW_MS): void {
  for (const event of events(count)) state.recording.booked.set(event.seq, { event, entry: accepted });
  state.recording.bookedSinceMs = sinceMs;
}

function ending(state: DrainState, planned: Partial<PlannedEnd> = {}, ageMs = 0): void {
  state.ending = { planned: { end: { kind: 'stopped' }, takeBack: true, ...planned }, sinceMs: NOW_MS - ageMs };
}

function endOf(end: PlannedEnd['end'], takeBack: boolean): Decision {
  return { do: 'plan-end', planned: { end, takeBack } };
}

const read = { do: 'read' } as const;
const wait = { do: 'wait' } as const;
const begin = { do: 'begin' } as const;
const finish = { do: 'finish' } as const;
const flush = (count: number) => ({ do: 'flush', events: count }) as const;
const chore = (chore: Extract<Decision, { do: 'chore' }>['chore']) => ({ do: 'chore', chore }) as const;
/** Something is under way that a change will follow. */
const busy = (state: DrainState) => running(state, 1);

describe('the end of a drain is planned', () => {
  it.each<Case>([
    ['not while nothing speaks for it', busy, wait],
    [
      'when it is asked to, whatever else is',
      (state) => {
        state.wishes = { ...state.wishes, stop: true };
        state.sending.fault = fault;
      },
      endOf({ kind: 'stopped' }, true),
    ],
    [
      'when something has failed, before everything else',
      (state) => {
        state.failure = new Error('no such table');
        state.wishes = { ...state.wishes, stop: true };
      },
      endOf({ kind: 'stopped' }, true),
    ],
    [
      'when the destination is at fault',
      (state) => {
        state.sending.fault = fault;
        state.recording.fenceHeld = false;
      },
      endOf({ kind: 'fault', fault }, true),
    ],
    [
      'when the fence is lost',
      (state) => {
        state.recording.fenceHeld = false;
        state.wishes = { ...state.wishes, sliceMs: -1 };
      },
      endOf({ kind: 'stopped' }, true),
    ],
    [
      'when the slice is over: what is intended is sent',
      (state) => (state.wishes = { ...state.wishes, sliceMs: -1 }),
      endOf({ kind: 'slice' }, false),
    ],
    [
      'anew by what takes intents back, when the first does not',
      (state) => {
        busy(state);
        ending(state, { end: { kind: 'slice' }, takeBack: false });
        state.sending.fault = fault;
      },
      endOf({ kind: 'fault', fault }, true),
    ],
    [
      'not again by anything else',
      (state) => {
        busy(state);
        ending(state);
        state.sending.fault = fault;
      },
      wait,
    ],
  ])('%s', (_when, change, decision) => {
    expect(decideOn(change)).toEqual(decision);
  });

  it.each<Case>([
    [
      'not before its answer, even if the slice is over',
      (state) => {
        busy(state);
        state.wishes = { ...state.wishes, sliceMs: -1 };
      },
      wait,
    ],
    [
      'when it was accepted',
      (state) => (state.sending.accepted = 1),
      endOf({ kind: 'probed', accepted: true, detail: '' }, true),
    ],
    [
      'when it was not, with what was said',
      (state) => {
        state.sending.notAccepted = 1;
        state.sending.lastFact = 'not accepted: HTTP 429';
      },
      endOf({ kind: 'probed', accepted: false, detail: 'not accepted: HTTP 429' }, true),
    ],
    [
      'with the fault rather than the fact',
      (state) => {
        state.sending.notAccepted = 1;
        state.sending.fault = fault;
        state.sending.lastFact = 'refused: HTTP 400';
      },
      endOf({ kind: 'probed', accepted: false, detail: 'HTTP 503' }, true),
    ],
    [
      'not by events that cannot be read',
      (state) => {
        busy(state);
        state.sending.notAccepted = 2;
        state.sending.unreadable = 2;
      },
      wait,
    ],
    ['when there is nothing to probe with', () => undefined, endOf({ kind: 'idle' }, false)],
  ])('of a probe: %s', (_when, change, decision) => {
    expect(decideOn(change, { mode: 'probe', concurrency: 1 })).toEqual(decision);
  });
});

describe('requests that are slow', () => {
  const slow = requestOf(1, { begunMs: NOW_MS - 2_000 });

  it.each<Case>([
    ['are set aside after two seconds', (state) => state.sending.running.add(slow), { do: 'set-slow-aside' }],
    [
      'are not looked for behind one that is not',
      (state) => state.sending.running.add(requestOf(2, { begunMs: NOW_MS - 1_999 })).add(slow),
      wait,
    ],
    [
      'are found behind one that has not begun',
      (state) => state.sending.running.add(requestOf(2, { begunMs: undefined })).add(slow),
      { do: 'set-slow-aside' },
    ],
  ])('%s', (_what, change, decision) => {
    expect(decideOn(change)).toEqual(decision);
  });

  it('stay where they are while too many are open', () => {
    const state = restingState();
    state.sending.running.add(slow);
    for (let n = 0; n < 1_024; n += 1) state.sending.slow.add({ ...slow });
    expect(decide(state, NOW)).toEqual(wait);
  });
});

describe('intents whose request has not begun', () => {
  const ready = (state: DrainState) => void state.sending.ready.push({ first: eventOf(9) });

  it.each<Case>([
    ['are begun', ready, begin],
    [
      'are taken back when the end asks for it',
      (state) => {
        ready(state);
        ending(state);
      },
      { do: 'take-back' },
    ],
    [
      'are begun before an end in order',
      (state) => {
        ready(state);
        ending(state, { takeBack: false });
      },
      begin,
    ],
    [
      'wait while as many run as may',
      (state) => {
        ready(state);
        running(state, 4);
      },
      wait,
    ],
    [
      'wait for the rate',
      (state) => {
        ready(state);
        state.sending.rate = { perSecond: 10, tokens: 0.5, atMs: NOW_MS - 49 };
      },
      wait,
    ],
    [
      'go with the rate',
      (state) => {
        ready(state);
        state.sending.rate = { perSecond: 10, tokens: 0.5, atMs: NOW_MS - 50 };
      },
      begin,
    ],
    [
      'wait when the last tenth of the lease has begun, by one clock',
      (state) => {
        ready(state);
        state.recording.flushes = 1;
        state.leasedAt = { monotonicMs: NOW_MS, wallMs: NOW_MS - 8_100 };
      },
      wait,
    ],
    [
      'go before that',
      (state) => {
        ready(state);
        state.recording.flushes = 1;
        state.leasedAt = { monotonicMs: NOW_MS - 8_099, wallMs: NOW_MS - 8_099 };
      },
      begin,
    ],
  ])('%s', (_what, change, decision) => {
    expect(decideOn(change)).toEqual(decision);
  });
});

describe('the log', () => {
  const more = (state: DrainState) => {
    busy(state);
    state.reading.atEnd = false;
  };

  it.each<Case>([
    ['is read when little is left', more, read],
    [
      'is read while half a page is left',
      (state) => {
        more(state);
        state.reading.queue = events(256);
        full(state);
      },
      read,
    ],
    [
      'is not read while more is left',
      (state) => {
        more(state);
        state.reading.queue = events(257);
        full(state);
      },
      wait,
    ],
    [
      'is not read twice at once',
      (state) => {
        more(state);
        state.reading.underWay = true;
      },
      wait,
    ],
    ['is not read at its end', busy, wait],
    [
      'is read for what was taken back, also at its end',
      (state) => {
        busy(state);
        state.reading.takenBack = [3];
      },
      read,
    ],
    [
      'is not read by a drain that ends',
      (state) => {
        more(state);
        ending(state);
      },
      wait,
    ],
  ])('%s', (_what, change, decision) => {
    expect(decideOn(change)).toEqual(decision);
  });
});

/** Nothing more may be intended. */
function full(state: DrainState): void {
  state.sending.ready = events(8).map((first) => ({ first }));
  state.sending.streak = 4;
}

describe('a chore', () => {
  const due = (state: DrainState) => {
    busy(state);
    state.chores.hasLookedForResends = false;
  };

  it.each<Case>([
    ['is to look for resends in the beginning', due, chore('look-for-resends')],
    ['is not that later: others look', busy, wait],
    [
      'is to claim more resends as soon as there is room',
      (state) => {
        busy(state);
        state.chores.moreResendsDue = true;
      },
      chore('claim-resends'),
    ],
    [
      'is not that while there is none',
      (state) => {
        running(state, 4);
        state.chores.moreResendsDue = true;
      },
      wait,
    ],
    [
      'is to look at the share of the rate',
      (state) => {
        busy(state);
        state.chores.lookedAtShareMs = NOW_MS - 2_000;
      },
      chore('look-at-share'),
    ],
    [
      'is not that where there is no other partition to share it with',
      (state) => {
        busy(state);
        state.chores.lookedAtShareMs = NOW_MS - 2_000;
        state.chores.sharesRate = false;
      },
      wait,
    ],
    [
      'is to look at the gate before all others',
      (state) => {
        due(state);
        state.chores.gateDoubted = true;
      },
      chore('look-at-gate'),
    ],
    [
      'waits for the one under way',
      (state) => {
        due(state);
        state.chores.underWay = true;
      },
      wait,
    ],
    [
      'is not begun by a drain that ends',
      (state) => {
        due(state);
        ending(state);
      },
      wait,
    ],
  ])('%s', (_what, change, decision) => {
    expect(decideOn(change)).toEqual(decision);
  });

  it('is none of a probe’s, but for the gate', () => {
    const probe = { mode: 'probe', concurrency: 1 } as const;
    expect(decideOn(due, probe)).toEqual(wait);
    expect(
      decideOn((state) => {
        busy(state);
        state.chores.gateDoubted = true;
      }, probe),
    ).toEqual(chore('look-at-gate'));
  });
});

describe('a flush', () => {
  it.each<Case>([
    ['is made of what can be intended', (state) => (state.reading.queue = events(3)), flush(3)],
    [
      'is made when little is left to send and there is more',
      (state) => {
        state.reading.queue = events(9);
        state.sending.ready = [{ first: eventOf(20) }];
      },
      flush(7),
    ],
    [
      'is not made while enough is ready',
      (state) => {
        state.reading.queue = events(9);
        state.sending.ready = [{ first: eventOf(20) }, { first: eventOf(21) }];
      },
      begin,
    ],
    ['passes numbers that no event has', (state) => (state.reading.absent = [1, 2]), flush(2)],
    [
      'waits while requests run and outcomes are young',
      (state) => {
        busy(state);
        booked(state, 3, NOW_MS - 100);
      },
      wait,
    ],
    [
      'is made when an outcome has waited long',
      (state) => {
        busy(state);
        booked(state, 1, NOW_MS - 101);
      },
      flush(0),
    ],
    [
      'is made when as many outcomes as requests are unrecorded',
      (state) => {
        busy(state);
        booked(state, 4);
      },
      flush(0),
    ],
    ['is made when nothing else would bring one about', (state) => booked(state, 1), flush(0)],
    [
      'is made to renew the lease',
      (state) => {
        busy(state);
        aged(state, 3_001);
      },
      flush(0),
    ],
    [
      'is not made for a young lease',
      (state) => {
        busy(state);
        aged(state, 3_000);
      },
      wait,
    ],
    [
      'is not made for a lease that another drain has',
      (state) => {
        busy(state);
        aged(state, 3_001);
        ending(state);
        state.recording.fenceHeld = false;
      },
      wait,
    ],
    [
      'is made when the claim is doubted',
      (state) => {
        busy(state);
        state.recording.claimDoubted = true;
      },
      flush(0),
    ],
    [
      'waits for the one before',
      (state) => {
        state.reading.queue = events(3);
        state.recording.flushes = 1;
      },
      wait,
    ],
    [
      'is not made after a failure',
      (state) => {
        booked(state, 4);
        ending(state);
        state.failure = new Error('cut');
      },
      finish,
    ],
    [
      'intends nothing at the end',
      (state) => {
        state.reading.queue = events(3);
        booked(state, 1);
        ending(state);
      },
      flush(0),
    ],
  ])('%s', (_what, change, decision) => {
    expect(decideOn(change)).toEqual(decision);
  });

  it.each<readonly [number, string, (state: DrainState) => void, Partial<DrainTerms>]>([
    [8, 'twice the concurrency', (state) => (state.reading.queue = events(50)), {}],
    [
      5,
      'what is left of that',
      (state) => {
        state.reading.queue = events(50);
        running(state, 3);
      },
      {},
    ],
    [
      0,
      'nothing beyond it',
      (state) => {
        state.reading.queue = events(50);
        running(state, 9);
      },
      {},
    ],
    [1, 'one event of a probe', (state) => (state.reading.queue = events(50)), { mode: 'probe' }],
    [
      0,
      'none after that',
      (state) => {
        state.reading.queue = events(50);
        state.recording.intendedEvents = 1;
      },
      { mode: 'probe' },
    ],
    [
      1,
      'another one when it could not be read',
      (state) => {
        state.reading.queue = events(50);
        state.recording.intendedEvents = 1;
        state.sending.unreadable = 1;
      },
      { mode: 'probe' },
    ],
    [
      3,
      'no more than 32 MiB of bodies',
      (state) => (state.reading.queue = events(50).map((event) => ({ ...event, sealed: TEN_MIB }))),
      {},
    ],
    [
      1,
      'what those that are undecided leave of that',
      (state) => {
        state.reading.queue = events(50).map((event) => ({ ...event, sealed: TEN_MIB }));
        state.sending.ready = [{ first: { ...eventOf(1), sealed: TEN_MIB } }];
        state.sending.running.add({ ...requestOf(2), sendable: { first: { ...eventOf(2), sealed: TEN_MIB } } });
      },
      {},
    ],
    [
      0,
      'nothing larger than what is left',
      (state) => {
        state.reading.queue = events(50).map((event) => ({ ...event, sealed: FORTY_MIB }));
        running(state, 1);
      },
      {},
    ],
    [
      1,
      'one that is larger than that, by itself',
      (state) => (state.reading.queue = events(50).map((event) => ({ ...event, sealed: FORTY_MIB }))),
      {},
    ],
    [
      8,
      'numbers that no event has, beside any bytes',
      (state) => {
        state.reading.absent = [1, 2, 3, 4, 5, 6, 7, 8];
        state.sending.slow.add({ ...requestOf(9), sendable: { first: { ...eventOf(9), sealed: FORTY_MIB } } });
      },
      {},
    ],
  ])('may intend %i: %s', (room, _what, change, terms) => {
    const state = restingState(terms);
    change(state);
    expect(roomToIntend(state)).toBe(room);
  });
});

function aged(state: DrainState, ageMs: number): void {
  state.leasedAt = { monotonicMs: NOW_MS - ageMs, wallMs: NOW_MS - ageMs };
}

describe('an empty log', () => {
  const watched = (state: DrainState, ms: number) => (state.chores.idleSinceMs = NOW_MS - ms);

  it.each<Case>([
    ['is read again first', () => undefined, { do: 'read-again' }],
    ['is marked idle then', (state) => (state.chores.readAgainAt = 0), chore('mark-idle')],
    [
      'is read again after more was sent',
      (state) => {
        state.chores.readAgainAt = 0;
        state.recording.window = { ...state.recording.window, cursor: 5, intended: 5 };
      },
      { do: 'read-again' },
    ],
    ['is watched', (state) => watched(state, 999), wait],
    ['is left after that', (state) => watched(state, 1_000), chore('end-idle')],
    [
      'is none any more once an insert is heard',
      (state) => {
        watched(state, 10);
        state.chores.insertHeard = true;
      },
      chore('answer-insert'),
    ],
    [
      'is not told by an insert that came before',
      (state) => {
        state.chores.readAgainAt = 0;
        state.chores.insertHeard = true;
      },
      chore('mark-idle'),
    ],
    [
      'is none any more once an insert is heard, though a resend still runs',
      (state) => {
        busy(state);
        watched(state, 10);
        state.chores.insertHeard = true;
      },
      chore('answer-insert'),
    ],
    [
      'is not left while a resend still runs',
      (state) => {
        busy(state);
        watched(state, 1_000);
      },
      wait,
    ],
    [
      'is not marked idle for an insert while requests run',
      (state) => {
        busy(state);
        state.chores.insertHeard = true;
      },
      wait,
    ],
    [
      'is none while one resend runs and the outcome of another is not recorded',
      (state) => {
        busy(state);
        booked(state, 1);
      },
      wait,
    ],
    ['is none while requests run', busy, wait],
    [
      'is none while something is undecided',
      (state) => (state.recording.window = intend(state.recording.window, { seqs: [1] })),
      wait,
    ],
    ['is none while a page is read', (state) => (state.reading.underWay = true), wait],
    ['is not looked at beside a chore', (state) => (state.chores.underWay = true), wait],
    ['is not looked at beside a flush', (state) => (state.recording.flushes = 1), wait],
    ['is not looked at by a drain that ends', (state) => ending(state), finish],
  ])('%s', (_what, change, decision) => {
    expect(decideOn(change)).toEqual(decision);
  });
});

describe('the loop ends', () => {
  it.each<Case>([
    ['when the end is planned and nothing is under way', (state) => ending(state), finish],
    [
      'not while requests run',
      (state) => {
        ending(state);
        busy(state);
      },
      wait,
    ],
    [
      'not while a flush runs',
      (state) => {
        ending(state);
        state.recording.flushes = 1;
      },
      wait,
    ],
    [
      'not while a chore runs',
      (state) => {
        ending(state);
        state.chores.underWay = true;
      },
      wait,
    ],
    [
      'not before all is recorded',
      (state) => {
        ending(state);
        booked(state, 1);
        state.recording.flushes = 1;
      },
      wait,
    ],
    [
      'whatever is slow',
      (state) => {
        ending(state);
        state.sending.slow.add(requestOf(1));
      },
      finish,
    ],
    [
      'not while requests run, however long that takes',
      (state) => {
        ending(state, {}, 10_001);
        busy(state);
      },
      wait,
    ],
    [
      'after a failure once nothing is under way',
      (state) => {
        ending(state);
        state.failure = new Error('cut');
      },
      finish,
    ],
    [
      'not before',
      (state) => {
        ending(state);
        busy(state);
        state.failure = new Error('cut');
      },
      wait,
    ],
    [
      'but for the grace time',
      (state) => {
        ending(state, {}, 10_001);
        busy(state);
        state.failure = new Error('cut');
      },
      finish,
    ],
  ])('%s', (_when, change, decision) => {
    expect(decideOn(change)).toEqual(decision);
  });
});
