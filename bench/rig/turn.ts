/** One measured turn: a number of events through the product or through the ceiling, counted at the inlet. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchBody } from './events.js';
import type { Hang } from './inlet.js';
import { type LoadOrder, type LoadResult, type LoadTarget, sendLoad } from './load.js';
import type { Stack } from './stack.js';
import { cpuBetween, machineCpuSeconds, type ProcessGroup, usageOf } from './usage.js';

const POLL_MS = 100;
/** Without a single event at the inlet for this long, a turn has failed. */
const STALLED_MS = 90_000;

export interface TurnOptions {
  readonly stack: Stack;
  readonly targets: readonly LoadTarget[];
  readonly events: number;
  /** Left out: short ones. */
  readonly body?: BenchBody;
  readonly connections: number;
  readonly perSecond?: number;
  readonly inletDelayMs?: number;
  readonly inletHang?: Hang;
  /** Whose CPU time is taken. */
  readonly groups?: readonly ProcessGroup[];
  /** Goes on while events are sent. */
  readonly beside?: () => Promise<void>;
  /** Called when all events were sent and acknowledged, before they are waited for at the inlet. */
  readonly taken?: () => Promise<void>;
}

export interface Turn {
  readonly events: number;
  /** From the first request to the last answer of the inlet. */
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly load: LoadResult;
  /** Of each event, when the inlet answered, from the first request on. */
  readonly answeredAtMs: Float64Array;
  /** Of each event, when the webhook was answered, from the first request on. */
  readonly takenAtMs: Float64Array;
  /** Of each event, from the answered webhook to the inlet's answer. */
  readonly deliveryMs: Float64Array;
  /** CPU microseconds per event, by process. */
  readonly cpuMicros: Readonly<Record<string, number>>;
  /** Of the whole machine, others included. */
  readonly machineMicros: number;
}

let runs = 0;

/** @throws Error when an event did not come, or came twice */
export async function takeTurn(options: TurnOptions): Promise<Turn> {
  const { stack, events, groups = [] } = options;
  const run = (runs += 1);
  const acknowledgedFile = join(stack.dir, `acknowledged-${run}`);
  const answeredFile = join(stack.dir, `answered-${run}`);
  await stack.inlet.expect({ run, events, delayMs: options.inletDelayMs, hang: options.inletHang });
  const before = usageOf(groups, false);
  const machineBefore = machineCpuSeconds();
  const { targets, body, connections, perSecond } = options;
  const load = await loadBeside(options, {
    targets,
    run,
    events,
    body,
    connections,
    perSecond,
    acknowledgedFile,
    answeredFile,
  });
  await options.taken?.();
  const lastMs = await allArrived(stack, events);
  const cpu = cpuBetween(before, usageOf(groups, false));
  const machineMicros = ((machineCpuSeconds() - machineBefore) * 1e6) / events;
  await checkEachOnce(stack, acknowledgedFile);
  const seconds = (lastMs - load.startedMs) / 1_000;
  const answeredMs = new Float64Array(new Uint8Array(readFileSync(answeredFile)).buffer);
  const times = await stack.inlet.times();
  return {
    events,
    seconds,
    eventsPerSecond: events / seconds,
    load,
    answeredAtMs: times.map((atMs) => atMs - load.startedMs),
    takenAtMs: answeredMs.map((atMs) => atMs - load.startedMs),
    deliveryMs: times.map((atMs, number) => atMs - (answeredMs[number] ?? 0)),
    cpuMicros: {
      load: (load.cpuSeconds * 1e6) / events,
      ...Object.fromEntries([...cpu].map(([name, used]) => [name, (used * 1e6) / events])),
    },
    machineMicros,
  };
}

async function loadBeside({ stack, beside }: TurnOptions, order: LoadOrder): Promise<LoadResult> {
  if (beside === undefined) return sendLoad(stack.programs, order);
  const failed = new AbortController();
  const besides = beside().catch((error: unknown) => {
    failed.abort();
    throw error;
  });
  const [load] = await Promise.allSettled([sendLoad(stack.programs, order, failed.signal), besides]);
  await besides;
  if (load.status === 'rejected') throw load.reason;
  return load.value;
}

/** Events into the log, nothing expected at the inlet. */
export async function takeIn(
  options: Omit<TurnOptions, 'taken' | 'groups' | 'inletDelayMs' | 'inletHang'>,
): Promise<LoadResult> {
  const { stack, targets, events, body, connections, perSecond } = options;
  return sendLoad(stack.programs, { targets, run: (runs += 1), events, body, connections, perSecond });
}

/** @returns when the inlet answered last */
async function allArrived(stack: Stack, events: number): Promise<number> {
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
async function checkEachOnce(stack: Stack, acknowledgedFile: string): Promise<void> {
  const acknowledged = readFileSync(acknowledgedFile);
  const counts = await stack.inlet.counts();
  const { foreign } = await stack.inlet.report();
  let wrong = foreign;
  for (const [number, count] of counts.entries()) {
    if (count !== 1 || acknowledged[number] !== 1) wrong += 1;
  }
  if (wrong > 0) throw new Error(`${wrong} events were lost, repeated or not acknowledged`);
}
