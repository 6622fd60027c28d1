/** Carries the plan out: when so many posts are answered, a few acts at a time, never two on the same process. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { patiently } from '../sourceUnderTest.js';
import { runClient } from '../commandLine.js';
import { changeFlow, type QuietTime } from './flowChange.js';
import type { Load } from './load.js';
import { goOnAfterSetBack, loseCommits } from './lostCommits.js';
import type { PlannedAct, Strike } from './plan.js';
import type { Platform } from './platform.js';
import type { ForwardedSource } from './source.js';
import type { ForwardStack } from './stack.js';
import { LAKE_STALL_MS, STANDSTILL_MS } from './times.js';
import type { Database } from '../../src/store/database.js';

export interface Acted {
  /** By what was done: `kill worker-1`. */
  readonly counts: ReadonlyMap<string, number>;
  readonly quietTimes: readonly QuietTime[];
  /** Acts that did not come to their end. */
  readonly failures: readonly string[];
}

export interface Stage {
  readonly stack: ForwardStack;
  readonly database: Database;
  readonly platform: Platform;
  readonly source: ForwardedSource;
  readonly load: Load;
  readonly progress: { waiting(): number };
  readonly log: (line: string) => void;
}

const AT_ONCE = 2;
const POLL_MS = 50;
/** With more events that wait, the load waits as well: acts are to meet what is being sent. */
const MOST_WAITING = 10_000;
/** The load runs ahead of the acts by this share of what lies between two of them. */
const AHEAD = 2;

export async function carryOut(stage: Stage, plan: readonly PlannedAct[], posts: number): Promise<Acted> {
  const { load, log } = stage;
  const counts = new Map<string, number>();
  const quietTimes: QuietTime[] = [];
  const failures: string[] = [];
  const running = new Set<Promise<void>>();
  const busy = new Set<string>();
  const step = (posts / Math.max(plan.length, 1)) * AHEAD;

  async function alone(name: string, work: () => Promise<void>): Promise<void> {
    while (busy.has(name)) await delay(POLL_MS);
    busy.add(name);
    try {
      await work();
    } finally {
      busy.delete(name);
    }
  }

  function count(what: string): void {
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }

  function strike({ kind, victim, forMs }: Strike): Promise<void> {
    const process = stage.stack.processes[victim];
    return alone(victim, async () => {
      if (kind === 'kill') await process.kill();
      else process.pause();
      count(`${kind} ${victim}`);
      await delay(forMs);
      if (kind === 'kill') await process.start();
      else process.resume();
    });
  }

  async function act({ act: planned }: PlannedAct): Promise<void> {
    switch (planned.kind) {
      case 'kill':
      case 'pause':
        return strike(planned);
      case 'flow-change':
        return alone('flow', async () => {
          const strikes = [...planned.strikes];
          quietTimes.push(
            await changeFlow(stage, planned.change, async () => {
              const next = strikes.shift();
              if (next !== undefined) await strike(next);
            }),
          );
          count(`flow ${planned.change}`);
        });
      case 'forwarder':
        return alone('forwarder', async () => {
          await stage.source.endForwarder(planned.how);
          count(`${planned.how} forwarder`);
        });
      case 'lost-drains':
        return alone('forwarder', async () => {
          await stage.source.configureForwarder();
          await Promise.all(planned.strikes.map(strike));
          count('kill all workers while their drains are asked to end');
        });
      case 'lake-stall':
        return alone('lake-stall', async () => {
          await patiently(() => stage.platform.setPolicy({ lakeOutage: true }));
          await delay(LAKE_STALL_MS);
          await patiently(() => stage.platform.setPolicy({ lakeOutage: false }));
          count('stall the lake');
        });
      case 'standstill':
        return alone('postgres', async () => {
          const { postgres } = stage.stack.processes;
          postgres.pause();
          count('let PostgreSQL stand still');
          await delay(STANDSTILL_MS);
          postgres.resume();
        });
      case 'lost-commits':
        return alone('flow', async () => {
          const { processes, configuration } = stage.stack;
          const folder = join(configuration.home, 'postgres');
          await alone('postgres', () => loseCommits(processes.postgres, folder, planned.forMs));
          count('lose the last commits');
          const command = (args: readonly string[]) => runClient(stage.stack, args);
          const stops = await goOnAfterSetBack(stage.database, stage.source, command);
          if (stops > 0) count('lose commits that sending then misses');
        });
      case 'full-disk':
        return alone('postgres', async () => {
          const { processes, receiverDisk } = stage.stack;
          if (!receiverDisk.canBeFilled) return count('full disk: not possible here');
          await processes.postgres.kill();
          receiverDisk.fill();
          count('full disk');
          await delay(planned.forMs);
          receiverDisk.clear();
          await processes.postgres.start();
        });
      default:
        return planned satisfies never;
    }
  }

  /** What takes long goes beside the rest. */
  const isLong = ({ act: { kind } }: PlannedAct): boolean => kind !== 'kill' && kind !== 'pause';
  let short = 0;
  const mayBegin = ({ afterPosts }: PlannedAct) =>
    load.answered() >= afterPosts && short < AT_ONCE && stage.progress.waiting() < MOST_WAITING;
  for (const planned of plan) {
    load.allow(Math.ceil(planned.afterPosts + step));
    while (!mayBegin(planned)) await delay(POLL_MS);
    if (!isLong(planned)) short += 1;
    const one = act(planned).finally(() => {
      if (!isLong(planned)) short -= 1;
    });
    running.add(one);
    one.catch((error: unknown) => {
      failures.push(`${JSON.stringify(planned.act)}: ${String(error)}`);
      log(failures.at(-1) ?? '');
    });
  }
  load.allow(Number.POSITIVE_INFINITY);
  await Promise.allSettled(running);
  return { counts, quietTimes, failures };
}
