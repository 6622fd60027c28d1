/** An operation that meets somebody: it is held inside one of its requests, something happens, and it goes on. */
import { messageOf } from '../../../src/domain/messageOf.js';
import type { Fault } from '../../../simulator/faults/faults.js';
import { SLOW_MS } from '../../stack/kills/killPoints.js';
import { waitForHit } from '../../stack/kills/hits.js';
import { newSource } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import type { CellResult } from '../../stack/result.js';
import type { Undisturbed } from '../kills/undisturbed.js';
import { ASKED_BY, type Subject } from '../operations.js';
import { makeLive } from '../state/live.js';

/** Ids of what the source has, by step. */
type Ids = Readonly<Record<string, string>>;

export interface Meeting extends Pick<CellResult, 'what' | 'name'> {
  readonly of: Undisturbed;
  /** The request in which the operation is met. */
  readonly route: string;
  readonly fault: Fault;
  readonly happens: (subject: Subject, ids: Ids) => Promise<readonly string[]>;
  /** When it goes on. Answers what is wrong. */
  readonly verify: (subject: Subject, ended: Ended) => Promise<readonly string[]>;
}

/** How the operation has ended for the one who has asked: undefined while it is held. */
export type Ended = Promise<{ readonly refusal?: unknown }>;

const THERE_WITHIN_MS = 60_000;

export async function meet(stack: ChaosStack, sandbox: string, meeting: Meeting): Promise<CellResult> {
  const startedAt = performance.now();
  const { what, name, of } = meeting;
  const subject = { stack, source: await newSource(stack, sandbox) };
  const faults = await faultsOf(subject, meeting).catch((error: unknown) => [messageOf(error)]);
  // One that was not brought to its end: what is held in it takes effect when it is answered, and what its worker goes on with.
  await subject.source.forget(faults.length === 0 ? 0 : 2 * SLOW_MS);
  return { what, operation: of.operation.name, name, faults, durationMs: performance.now() - startedAt };
}

async function faultsOf(subject: Subject, meeting: Meeting): Promise<readonly string[]> {
  const { stack, source } = subject;
  const { of, route, fault, happens, verify } = meeting;
  const ruleId = `${source.name}-meeting`;
  await makeLive(subject, of.operation);
  const match = { sandbox: source.sandbox, route };
  // The first one is the operation's: somebody else comes after it.
  const times = fault.kind === 'status' ? 0 : 1;
  await stack.simulator.place(ruleId, { match, fault, times });
  try {
    const asked = await of.operation.ask(subject, ASKED_BY);
    const ended: Ended = asked.result().then(
      () => ({}),
      (refusal: unknown) => ({ refusal }),
    );
    await waitForHit(stack.simulator, ruleId, THERE_WITHIN_MS);
    const { resources } = await source.state();
    const ids = Object.fromEntries(Object.entries(resources).map(([step, { id }]) => [step, id]));
    const wrong = await happens(subject, ids);
    await stack.simulator.remove(ruleId);
    return [...wrong, ...(await verify(subject, ended))];
  } finally {
    await stack.simulator.remove(ruleId);
  }
}
