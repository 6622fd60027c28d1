/** The moments at which a process is killed, as faults that hold a source right there. */
import type { Fault } from '../../../simulator/faults/faults.js';
import type { Rule } from '../../stack/simulatorAdmin.js';
import { ADOBE_STEPS, INLET_READ, STEP_REQUESTS } from '../stepRequests.js';

export interface KillPoint {
  readonly what: string;
  readonly name: string;
  /** The request before which the source is parked until all of a wave have come to theirs. */
  readonly parkedAt: string;
  /** The request that is under way when the process is killed. */
  readonly route: string;
  readonly fault: Fault;
}

/** Longer than a wave needs to come to its points, shorter than the client's timeout: the answer comes after the kill. */
export const SLOW_MS = 5_000;

const BETWEEN_STEPS: Fault = { kind: 'slow', ms: SLOW_MS, when: 'before-effect' };

const WITHIN: Readonly<Record<string, Fault>> = {
  'effect done, answer comes after the kill': { kind: 'slow', ms: SLOW_MS, when: 'after-effect' },
  'effect done, answer lost': { kind: 'hang', effect: 'done' },
  'effect comes after the kill': { kind: 'slow', ms: SLOW_MS, when: 'before-effect' },
};

/** Of the provisioning: before each step, and inside each create. */
export function provisioningPoints(): KillPoint[] {
  return [...boundaries([...lookups(), ['inlet', INLET_READ]]), ...within('create')];
}

/** Of the undoing: before each step's undo, and inside each delete. */
export function undoingPoints(): KillPoint[] {
  return [...boundaries(lookups()), ...within('remove')];
}

function lookups(): [string, string][] {
  return ADOBE_STEPS.map((step) => [step, STEP_REQUESTS[step].lookup]);
}

function boundaries(steps: readonly (readonly [string, string])[]): KillPoint[] {
  return steps.map(([step, route]) => ({
    what: 'between two steps',
    name: `before ${step}`,
    parkedAt: route,
    route,
    fault: BETWEEN_STEPS,
  }));
}

function within(request: 'create' | 'remove'): KillPoint[] {
  return Object.entries(WITHIN).flatMap(([name, fault]) =>
    ADOBE_STEPS.map((step) => ({
      what: `in a request: ${name}`,
      name: `${request} ${step}, ${name}`,
      parkedAt: STEP_REQUESTS[step].lookup,
      route: STEP_REQUESTS[step][request],
      fault,
    })),
  );
}

export function isBoundary({ route, parkedAt }: KillPoint): boolean {
  return route === parkedAt;
}

/** Turned away, but asked to come again soon: the source waits at this request and holds no connection. */
export function parkRule(sandbox: string, { parkedAt }: KillPoint): Rule {
  return { match: { sandbox, route: parkedAt }, fault: { kind: 'status', status: 429, retryAfter: 1 }, times: 0 };
}

export function killRule(sandbox: string, point: KillPoint): Rule {
  const { route, fault } = point;
  // A step looks with several requests at once, and again after a while.
  return { match: { sandbox, route }, fault, times: isBoundary(point) ? 0 : 1 };
}
