/** A change of the flow under load, in the steps that an operation takes, with a process killed or stopped between each two of them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../../src/store/connection/database.js';
import { checkQuiet, closeGate, openGate, readGate } from '../../../src/store/delivery/gate.js';
import type { Platform } from '../platform.js';
import type { FlowChange } from '../plan.js';
import type { ForwardedSource } from '../source.js';
import { SETTLE_WINDOW_MS } from '../times.js';

/** Nothing may be accepted in it, by the simulator's clock, which is this machine's. */
export interface QuietTime {
  readonly change: FlowChange;
  readonly fromMs: number;
  readonly toMs: number;
}

const CALL_PATIENCE_MS = 120_000;
const POLL_MS = 150;

/** @param between called between each two steps */
export async function changeFlow(
  deps: { readonly database: Database; readonly platform: Platform; readonly source: ForwardedSource },
  change: FlowChange,
  between: () => Promise<void>,
): Promise<QuietTime> {
  const { database, platform, source } = deps;
  const before = await insist(() => readGate(database, source.id));
  await insist(() => closeGate(database, source.id, `chaos: ${change}`));
  await between();
  await insist(async () => {
    const quiet = await checkQuiet(database, source.id);
    if (!quiet.quiet) throw new Error(`waits for ${quiet.waitingFor}`);
  });
  const fromMs = Date.now();
  await between();
  if (change === 'disable') await insist(() => platform.disableFlow(source.flowId));
  if (change === 'patch') await insist(() => platform.patchFlow(source.flowId));
  await between();
  if (change === 'disable') await insist(() => platform.enableFlow(source.flowId));
  const updatedAtMs = change === 'pause' ? Date.now() : await insist(() => platform.flowUpdatedAtMs(source.flowId));
  const opensAt = new Date(updatedAtMs + (change === 'pause' ? 0 : SETTLE_WINDOW_MS));
  await between();
  const { inletSealed } = before ?? {};
  if (inletSealed === undefined) throw new Error('the gate names no inlet');
  const toMs = Math.max(opensAt.getTime(), Date.now());
  await insist(() => openGate(database, { sourceId: source.id, flowId: source.flowId, inletSealed, opensAt }));
  return { change, fromMs, toMs };
}

/** Servers are killed and stopped meanwhile: what fails is tried again. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + CALL_PATIENCE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(POLL_MS);
    }
  }
}
