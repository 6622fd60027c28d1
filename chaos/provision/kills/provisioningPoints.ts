/** The moments of provisioning and undoing at which a process is killed. */
import { BEFORE_EFFECT, type KillPoint, WITHIN } from '../../stack/kills/killPoints.js';
import { ADOBE_STEPS, INLET_READ, STEP_REQUESTS } from '../../stack/product/stepRequests.js';

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
    fault: BEFORE_EFFECT,
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
