/** An operation without any kill: the requests that it makes are where it is killed, and its end is what every killed one must come to. */
import { setTimeout as delay } from 'node:timers/promises';
import { BEFORE_EFFECT, type KillPoint, WITHIN } from '../../stack/kills/killPoints.js';
import { newSource } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import { ASKED_BY, type LifeOperation, type Subject } from '../operations.js';
import { waitUntilOver } from '../state/ending.js';
import { makeLive } from '../state/live.js';
import { differencesOf, type Snapshot, snapshotOf } from '../state/snapshot.js';

export interface Undisturbed {
  readonly operation: LifeOperation;
  readonly points: readonly KillPoint[];
  readonly end: Snapshot;
  /** What is wrong without any kill. */
  readonly faults: readonly string[];
}

const SAME_FOR_MS = 2_000;
const POLL_MS = 400;

/** @param sandbox in which nothing else happens meanwhile */
export async function undisturbed(stack: ChaosStack, sandbox: string, operation: LifeOperation): Promise<Undisturbed> {
  const subject: Subject = { stack, source: await newSource(stack, sandbox) };
  await makeLive(subject, operation);
  const before = await stack.simulator.lastRequest();
  await (await operation.ask(subject, ASKED_BY)).result();
  await waitUntilOver(subject, operation);
  const requests = (await stack.simulator.requestsAfter(before)).filter((one) => one.sandboxName === sandbox);
  const end = await atRest(subject);
  await subject.source.forget();
  return { operation, points: pointsOf(requests), end, faults: operation.faultsOf(end) };
}

/** The history is written beside the workflow. */
async function atRest({ stack, source }: Subject): Promise<Snapshot> {
  let found = await snapshotOf(stack, source);
  let sinceMs = performance.now();
  while (performance.now() - sinceMs < SAME_FOR_MS) {
    await delay(POLL_MS);
    const now = await snapshotOf(stack, source);
    if (differencesOf(now, found).length > 0) sinceMs = performance.now();
    found = now;
  }
  return found;
}

/** What a live source asks all the time; no part of an operation. */
const ALWAYS = /^(ims\.|flowservice\.runs\.|observability\.|queryservice\.|inlet\.|catalog\.batches\.)/;

/** A read is killed before it is answered; a write before it, in it, and after it. */
export function pointsOf(requests: readonly { readonly route: string; readonly method: string }[]): KillPoint[] {
  const seen = new Map<string, number>();
  let last = '';
  return requests.flatMap(({ route, method }): KillPoint[] => {
    if (ALWAYS.test(route)) return [];
    const nth = (seen.get(route) ?? 0) + 1;
    seen.set(route, nth);
    // How often it is asked before something is so depends on the moment.
    const isAskedAgain = route === last && method === 'GET';
    last = route;
    if (isAskedAgain) return [];
    const place = `${route}${nth === 1 ? '' : ` (${nth})`}`;
    const boundary = { what: 'before a request', name: `before ${place}`, parkedAt: route, nth, route };
    if (method === 'GET') return [{ ...boundary, fault: BEFORE_EFFECT }];
    return Object.entries(WITHIN).map(([what, fault]) => ({
      ...boundary,
      what: `in a request: ${what}`,
      name: `${place}, ${what}`,
      fault,
    }));
  });
}
