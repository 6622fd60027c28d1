/** An operation without any kill: the requests that it makes are where it is killed, and its end is what every killed one must come to. */
import { setTimeout as delay } from 'node:timers/promises';
import { BEFORE_EFFECT, type KillPoint, WITHIN } from '../../stack/kills/killPoints.js';
import { newSource } from '../../stack/product/sourceUnderTest.js';
import type { ChaosStack } from '../../stack/product/stack.js';
import type { Resource, Resources } from '../../../src/domain/source/steps.js';
import { ADOBE_STEPS, type AdobeStep } from '../../stack/product/stepRequests.js';
import { ASKED_BY, type LifeOperation, type Subject } from '../operations.js';
import { waitUntilOver } from '../state/ending.js';
import { makeLive } from '../state/live.js';
import { differencesOf, type Snapshot, snapshotOf } from '../state/snapshot.js';

export interface Undisturbed {
  readonly operation: LifeOperation;
  readonly points: readonly LifePoint[];
  readonly end: Snapshot;
  /** What is wrong without any kill. */
  readonly faults: readonly string[];
}

const SAME_FOR_MS = 2_000;
const IDLE_FOR_MS = 2_500;
const POLL_MS = 400;

/** @param sandbox in which nothing else happens meanwhile */
export async function undisturbed(stack: ChaosStack, sandbox: string, operation: LifeOperation): Promise<Undisturbed> {
  const subject: Subject = { stack, source: await newSource(stack, sandbox) };
  await makeLive(subject, operation);
  const resources = operation.begin === undefined ? (await subject.source.state()).resources : {};
  const idle = await askedWhileIdle(stack, sandbox);
  const before = await stack.simulator.lastRequest();
  await (await operation.ask(subject, ASKED_BY)).result();
  await waitUntilOver(subject, operation);
  const requests = (await stack.simulator.requestsAfter(before)).filter((one) => one.sandboxName === sandbox);
  const end = await atRest(subject);
  await subject.source.forget();
  return { operation, points: pointsOf(requests, resources), end, faults: [...idle, ...operation.faultsOf(end)] };
}

/** The requests of an operation are counted, so nobody else may make such requests meanwhile. */
async function askedWhileIdle({ simulator }: ChaosStack, sandbox: string): Promise<string[]> {
  const before = await simulator.lastRequest();
  await delay(IDLE_FOR_MS);
  const requests = (await simulator.requestsAfter(before)).filter((one) => one.sandboxName === sandbox);
  const routes = new Set(requests.map(({ route }) => route).filter((route) => !ALWAYS.test(route)));
  return [...routes].map((route) => `asks for ${route} before the operation begins`);
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

/** A moment in an operation on a live source. */
export interface LifePoint extends KillPoint {
  /** The object that the source has had before, and that the request names. */
  readonly of?: AdobeStep;
}

/**
 * A read is killed before it is answered; a write before it, in it, and after it.
 *
 * @param resources that the source has had before the operation
 */
export function pointsOf(
  requests: readonly { readonly route: string; readonly method: string; readonly path: string }[],
  resources: Resources,
): LifePoint[] {
  const asked = requests
    .filter(({ route }) => !ALWAYS.test(route))
    .map(({ route, method, path }) => ({ route, method, of: stepNamedIn(path, resources) }));
  return asked.flatMap((request, index): LifePoint[] => {
    const { route, method, of } = request;
    // How often it is asked before something is so depends on the moment.
    if (method === 'GET' && asked[index - 1]?.route === route) return [];
    const nth = asked.slice(0, index + 1).filter((one) => isCountedWith(one, request)).length;
    const place = `${route}${of === undefined ? '' : ` of the ${of}`}${nth === 1 ? '' : ` (${nth})`}`;
    const boundary = {
      what: 'before a request',
      name: `before ${place}`,
      parkedAt: route,
      nth,
      method,
      ...(of === undefined ? {} : { of }),
      route,
    };
    if (method === 'GET') return [{ ...boundary, fault: BEFORE_EFFECT }];
    return Object.entries(WITHIN).map(([what, fault]) => ({
      ...boundary,
      what: `in a request: ${what}`,
      name: `${place}, ${what}`,
      fault,
    }));
  });
}

interface Asked {
  readonly route: string;
  readonly method: string;
  readonly of: AdobeStep | undefined;
}

/** As the rule counts that holds the second one: of one that names no object from before, any of its kind. */
function isCountedWith(one: Asked, { route, method, of }: Asked): boolean {
  return one.route === route && one.method === method && (of === undefined || one.of === of);
}

function stepNamedIn(path: string, resources: Resources): AdobeStep | undefined {
  const [withoutQuery = ''] = path.split('?', 1);
  return ADOBE_STEPS.find((step) => {
    const text = nameInPaths(resources[step]);
    return text !== undefined && withoutQuery.includes(text);
  });
}

/** The same in every coding of an id, and of the other id that the Schema Registry has for the same. */
export function nameInPaths(resource: Pick<Resource, 'id'> | undefined): string | undefined {
  return resource?.id.split(/[/.]/).at(-1);
}
