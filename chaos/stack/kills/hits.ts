import { setTimeout as delay } from 'node:timers/promises';
import type { SimulatorAdmin } from '../simulatorAdmin.js';

const POLL_MS = 100;

/** Until a request has met the rule. */
export async function waitForHit(simulator: SimulatorAdmin, id: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (((await simulator.hits()).get(id) ?? 0) === 0) {
    if (performance.now() > deadline) throw new Error(`no request has come to the point (${id})`);
    await delay(POLL_MS);
  }
}
