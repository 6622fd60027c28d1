/** One measured turn: a number of events through the product or through the ceiling, counted at the inlet. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type LoadResult, type LoadTarget, sendLoad } from './load.js';
import type { Stack } from './stack.js';
import { cpuBetween, machineCpuSeconds, type ProcessGroup, usageOf } from './usage.js';

const POLL_MS = 100;
/** Without a single event at the inlet for this long, a turn has failed. */
const STALLED_MS = 60_000;

export interface TurnOptions {
  readonly stack: Stack;
  readonly targets: readonly LoadTarget[];
  readonly events: number;
  readonly connections: number;
  readonly perSecond?: number;
  readonly inletDelayMs?: number;
  /** Whose CPU time is taken. */
  readonly groups: readonly ProcessGroup[];
}

export interface Turn {
  readonly events: number;
  /** From the first request to the last answer of the inlet. */
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly load: LoadResult;
  /** CPU microseconds per event, by process. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  /** Of the whole machine, others included. */
  readonly machineMicros: number;
}

let runs = 0;

/** @throws Error when an event did not come, or came twice */
export async function takeTurn(options: TurnOptions): Promise<Turn> {
  const { stack, events, groups } = options;
  const run = (runs += 1);
  const acknowledgedFile = join(stack.dir, `acknowledged-${run}`);
  await stack.inlet.expect({ run, events, delayMs: options.inletDelayMs });
  const before = usageOf(groups, false);
  const machineBefore = machineCpuSeconds();
  const load = await sendLoad(stack.programs, {
    targets: options.targets,
    run,
    first: 0,
    events,
    connections: options.connections,
    perSecond: options.perSecond,
    acknowledgedFile,
  });
  const lastMs = await allArrived(stack, events);
  const cpu = cpuBetween(before, usageOf(groups, false));
  const machineMicros = ((machineCpuSeconds() - machineBefore) * 1e6) / events;
  await checkEachOnce(stack, acknowledgedFile);
  const seconds = (lastMs - load.startedMs) / 1_000;
  return {
    events,
    seconds,
    eventsPerSecond: events / seconds,
    load,
    cpuMicros: {
      load: (load.cpuSeconds * 1e6) / events,
      ...Object.fromEntries([...cpu].map(([name, used]) => [name, (used * 1e6) / events])),
    },
    machineMicros,
  };
}

/** @returns when the inlet answered last */
export async function allArrived(stack: Stack, events: number): Promise<number> {
  let progress = { received: -1, atMs: performance.now() };
  for (;;) {
    const { received, distinct, lastMs } = await stack.inlet.report();
    if (distinct >= events) return lastMs;
    if (received !== progress.received) progress = { received, atMs: performance.now() };
    if (performance.now() - progress.atMs > STALLED_MS)
      throw new Error(`${distinct} of ${events} events came, no more`);
    await delay(POLL_MS);
  }
}

/** What was acknowledged came exactly once, and nothing else came. */
export async function checkEachOnce(stack: Stack, acknowledgedFile: string): Promise<void> {
  const acknowledged = readFileSync(acknowledgedFile);
  const counts = await stack.inlet.counts();
  const { foreign } = await stack.inlet.report();
  let wrong = foreign;
  for (const [number, count] of counts.entries()) {
    if (count !== 1 || acknowledged[number] !== 1) wrong += 1;
  }
  if (wrong > 0) throw new Error(`${wrong} events were lost, repeated or not acknowledged`);
}
