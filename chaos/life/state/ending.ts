/** Waits until an operation is over. Nobody helps it: a hold is a fault. */
import { setTimeout as delay } from 'node:timers/promises';
import { patiently } from '../../stack/patience.js';
import { standOf } from '../../stack/product/sourceUnderTest.js';
import type { LifeOperation, Subject } from '../operations.js';
import { differencesOf, type Snapshot, snapshotOf } from './snapshot.js';

const POLL_MS = 400;
/** Temporal's server looks for timers that it was not told of every five minutes: so late a retry has come, once in 4,000 lives. */
const OVER_WITHIN_MS = 6 * 60_000;
/** The history is written beside the workflow, and a gate opens after the settle window. */
const SAME_WITHIN_MS = 20_000;

/** @throws Error when it is held, ends otherwise, or does not come to its end */
export async function waitUntilOver(
  { source }: Subject,
  { endsAs }: Pick<LifeOperation, 'endsAs'>,
  pollMs = POLL_MS,
): Promise<void> {
  const deadline = performance.now() + OVER_WITHIN_MS;
  for (;;) {
    const run = await source.describe();
    const stand = standOf(run);
    if (stand === endsAs) {
      if (!run.open) return;
      const { operation, replaced = [] } = await source.state();
      // What an update has replaced is removed afterwards.
      if (operation === undefined && replaced.length === 0) return;
    }
    if (stand === 'held') {
      const { hold } = await source.state();
      if (hold !== undefined) throw new Error(`held at ${hold.step}: ${JSON.stringify(hold.error)}`);
    }
    if (!run.open && stand !== endsAs) throw new Error(`${source.name} is ${stand}, expected ${endsAs}`);
    if (performance.now() > deadline) {
      const waiting = run.pending.map(({ name, attempt, lastFailure }) => `${name} #${attempt}: ${lastFailure ?? ''}`);
      throw new Error(`${source.name} is ${stand} and does not come to its end: ${waiting.join('; ')}`);
    }
    await delay(pollMs);
  }
}

/** @returns what is other than it should be when all has had its time */
export async function differencesAtEnd(
  { stack, source }: Subject,
  expected: Snapshot,
  { askedTwice = false } = {},
): Promise<string[]> {
  const deadline = performance.now() + SAME_WITHIN_MS;
  for (;;) {
    const end = await patiently(() => snapshotOf(stack, source));
    const found = differencesOf(end, askedTwice ? withHistoryOf(end, expected) : expected);
    if (found.length === 0 || performance.now() > deadline) return found;
    await delay(POLL_MS);
  }
}

/** A command that was typed twice may stand there twice: the second time with nothing to do, or refused. */
function withHistoryOf({ store: { operations } }: Snapshot, expected: Snapshot): Snapshot {
  const second = operations.findIndex((told) => / (?:unchanged|refused)\b/.test(told));
  if (second === -1 || operations.length !== expected.store.operations.length + 1) return expected;
  const among = expected.store.operations.toSpliced(second, 0, operations[second] ?? '');
  return { ...expected, store: { ...expected.store, operations: among } };
}
