/** One call in a hundred fails, in each of the ways in which a service can: drawn from a seed and the number of the call. */
import type { Fault } from '../../../simulator/faults/faults.js';
import type { SimulatorAdmin } from '../../stack/simulatorAdmin.js';
import type { Times } from '../../stack/environment.js';

/** Of all calls. */
const SHARE = 0.01;

/** Adobe's 60 s gateway, 65 s timeout and 90 s window at about a tenth: also on two busy cores an effect comes within the window. */
export const LIFE_TIMES: Times = {
  requestTimeoutMs: 6_000,
  consistencyWindowMs: 8_500,
  maxAttempts: 8,
  firstRetryDelayMs: 100,
};

const LATE_MS = 2_000;

const WAYS: readonly Fault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 500, effect: 'done' },
  { kind: 'status', status: 429, retryAfter: 1 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 504, body: 'html', effect: 'done' },
  { kind: 'cut', effect: 'none' },
  { kind: 'cut', effect: 'done' },
  { kind: 'hang', effect: 'done' },
  { kind: 'accept-late', ms: LATE_MS, connection: 'cut' },
  { kind: 'token-revoked' },
];

const ID = 'one-in-a-hundred';

/** Once for all: the simulator keeps rules and counts over a restart. */
export async function placeCallFaults(simulator: SimulatorAdmin, seed: number): Promise<void> {
  for (const [index, fault] of WAYS.entries()) {
    const rule = { match: {}, fault, probability: SHARE / WAYS.length, seed: seed * WAYS.length + index };
    await simulator.place(`${ID}-${index}`, rule);
  }
}

export async function callFaultsMet(simulator: SimulatorAdmin): Promise<number> {
  return [...(await simulator.hits())].reduce((sum, [id, hits]) => (id.startsWith(ID) ? sum + hits : sum), 0);
}
