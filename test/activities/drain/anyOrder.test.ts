/** Whatever happens around a drain, in whatever order: no event is in two hands, none is lost, none is sent a second time. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequencesIn, stateOf } from '../../../src/domain/delivery/cursor.js';
import { placesOf } from './places.js';
import { isReadable, World } from './world.js';

const CANARIES = ['proven'] as const;
const MILD = ['made', 'made', 'made', 'begun', 'begun', 'accepted', 'accepted', 'accepted', 'insert', 'pass'] as const;
const ROUGH = ['unclear', 'refused', 'busy', 'failed', 'answer-lost', 'later'] as const;
const FATAL = ['lease-over', 'stop', 'slice-over', 'gate', 'server', 'broken'] as const;
type Happening = (typeof CANARIES)[number] | (typeof MILD)[number] | (typeof ROUGH)[number] | (typeof FATAL)[number];

interface Step {
  readonly what: Happening;
  /** Which of the statements or requests that wait; how many events. */
  readonly n: number;
}

const steps = (...happenings: Happening[]) =>
  fc.array(fc.record({ what: fc.constantFrom(...happenings), n: fc.nat({ max: 12 }) }), {
    minLength: 20,
    maxLength: 120,
  });

function happen(world: World, { what, n }: Step): void {
  const statement = world.statements[n % Math.max(world.statements.length, 1)];
  const post = world.posts[n % Math.max(world.posts.length, 1)];
  switch (what) {
    case 'made':
    case 'failed':
    case 'answer-lost':
      if (statement !== undefined) world.end(statement, what);
      return;
    case 'broken':
      if (statement !== undefined && n === 0) world.end(statement, 'refused');
      return;
    case 'begun':
      if (post !== undefined) world.begin(post);
      return;
    case 'accepted':
    case 'refused':
    case 'unclear':
      if (post !== undefined) world.answer(post, what);
      return;
    case 'busy':
      // Each ends the drain.
      if (post !== undefined && n < 3) world.answer(post, what);
      return;
    case 'insert':
      return world.insert(1 + n, { gap: n % 3 === 0 });
    case 'proven':
      return world.prove();
    case 'pass':
      world.nowMs += 30 * n;
      return;
    case 'later':
      // Past the time after which a request counts as slow, or a chore is due again.
      world.nowMs += 2_100;
      return;
    case 'lease-over':
      world.nowMs += n < 6 ? 8_500 : 9_500;
      if (n > 9) world.takeOver();
      return;
    case 'stop':
      if (n < 3) world.stop = true;
      return;
    case 'slice-over':
      if (n < 3) world.sliceMs = 0;
      return;
    case 'gate':
      if (n < 4) world.gate = { open: n > 1, epoch: world.gate.epoch + (n % 2) };
      return;
    case 'server':
      if (n === 0) world.serverChanged = true;
      return;
    default:
      what satisfies never;
  }
}

/** After each step. */
function expectOneHandEach(world: World): void {
  const { state } = world.drain;
  const places = placesOf(state);
  for (const { seq } of world.log) {
    const hands = places.get(seq) ?? [];
    if (hands.length > 1) throw new Error(`${seq} is in ${hands.join(' and ')}`);
    if (hands.length === 1 || seq > state.reading.readUpTo || state.failure !== undefined) continue;
    if (!isKnown(world, seq)) throw new Error(`${seq} was read and is in no hand`);
  }
}

/** Recorded: delivered, or an exception. */
function isKnown(world: World, seq: number): boolean {
  if (world.exceptionOf(seq) !== undefined) return true;
  const isDecided = seq <= world.window.cursor || stateOf(world.window, seq) === 'decided';
  return isDecided && world.accepted.includes(seq);
}

/** What PostgreSQL says of the past is never more than what happened. */
function expectNothingLost(world: World): void {
  for (const { seq } of world.log) {
    const state = stateOf(world.window, seq);
    if ((state === 'passed' || state === 'decided') && !isKnown(world, seq)) throw new Error(`${seq} was passed over`);
    if ((state === 'withdrawn' || state === 'ahead') && world.accepted.includes(seq) && !isKnown(world, seq)) {
      throw new Error(`${seq} was accepted and would be sent again`);
    }
  }
}

async function run(world: World, script: readonly Step[]): Promise<void> {
  world.insert(10);
  await world.turn();
  for (const step of script) {
    happen(world, step);
    await world.turn();
    expectOneHandEach(world);
    expectNothingLost(world);
  }
}

/** From now on everything is well, until the drain has ended. */
async function calmDown(world: World): Promise<void> {
  for (let n = 0; world.result === undefined; n += 1) {
    if (n > 3_000) throw new Error('the drain does not end');
    const statement = world.statements[0];
    const post = world.posts[0];
    if (statement !== undefined) world.end(statement, 'made');
    else if (post !== undefined) world.answer(post, 'accepted');
    else world.nowMs += 500;
    await world.turn();
    expectOneHandEach(world);
    expectNothingLost(world);
  }
}

/** The books outlive the drain. */
async function allMade(world: World): Promise<void> {
  for (let statement = world.statements[0]; statement !== undefined; statement = world.statements[0]) {
    world.end(statement, 'made');
    await world.turn();
  }
}

describe('a drain, whatever happens around it', () => {
  it.each(['slice', 'probe'] as const)(
    'holds each event once and loses none (%s)',
    async (mode) => {
      await fc.assert(
        fc.asyncProperty(steps(...MILD, ...ROUGH, ...FATAL), async (script) => {
          const world = new World({ mode, concurrency: mode === 'probe' ? 1 : 4 });
          await run(world, script);
          world.stop = true;
          await calmDown(world);
          if (world.result instanceof Error || !world.fenceHeld) return;
          // In order: nothing is left that the next drain would have to call unknown.
          expect(sequencesIn(world.window, 'undecided')).toEqual([]);
        }),
        { numRuns: 120 },
      );
    },
    60_000,
  );

  it('delivers every event once while nothing but time, slowness and passing failures stands in its way', async () => {
    await fc.assert(
      fc.asyncProperty(steps(...MILD, 'failed', 'answer-lost', 'later'), async (script) => {
        const world = new World();
        await run(world, script);
        await calmDown(world);
        expect(world.result).toMatchObject({ end: { kind: 'idle' } });
        const all = world.log.map(({ seq }) => seq).filter(isReadable);
        expect(world.accepted.toSorted((a, b) => a - b)).toEqual(all);
        expect(world.window).toMatchObject({ cursor: world.lastSeq, intended: world.lastSeq });
      }),
      { numRuns: 120 },
    );
  }, 60_000);

  it('calls nothing unknown that was accepted, though another drain has taken over', async () => {
    await fc.assert(
      fc.asyncProperty(steps(...MILD, 'failed', 'answer-lost', 'later', 'lease-over', 'busy'), async (script) => {
        const world = new World({ graceMs: Number.POSITIVE_INFINITY });
        await run(world, script);
        world.nowMs += 10_000;
        world.takeOver();
        await calmDown(world);
        await allMade(world);
        const unknown = world.accepted.filter((seq) => world.exceptionOf(seq)?.state === 'look-up');
        expect([world.fenceHeld, unknown]).toEqual([false, []]);
      }),
      { numRuns: 120 },
    );
  }, 60_000);

  it('sends no second event of a kind before the first is proven, and all once they are', async () => {
    await fc.assert(
      fc.asyncProperty(steps(...MILD, ...ROUGH, ...CANARIES), async (script) => {
        const world = new World({}, { canaries: true });
        await run(world, script);
        await calmDown(world);
        const waits = world.log.filter(({ seq }) => ['withdrawn', 'ahead'].includes(stateOf(world.window, seq)));
        if (world.result instanceof Error || world.result?.end.kind !== 'idle') return;
        expect(waits.length > 0).toBe(world.result.awaitsCanary);
        expect(sequencesIn(world.window, 'undecided')).toEqual([]);
      }),
      { numRuns: 120 },
    );
  }, 60_000);
});
