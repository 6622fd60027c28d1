/** Carries the plan out: when so many posts are answered, a few disruptions at a time, never two on the same process. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { patiently } from '../../stack/patience.js';
import { runClient } from '../../stack/commandLine.js';
import { changeFlow, type QuietTime } from './flowChange.js';
import { createAllowance } from '../load/allowance.js';
import type { Load } from '../load/load.js';
import { goOnAfterSetBack, loseCommits } from './lostCommits.js';
import { updateAsTold, writeManifest } from './updating.js';
import type { Span } from '../records/canaries.js';
import type { LaterFault, PlannedDisruption, ProcessFault } from '../plan.js';
import type { MappingVersion, Platform } from '../platform.js';
import type { SourceUpdate } from '../updates.js';
import type { ForwardedSource } from '../source.js';
import type { ForwardStack } from '../stack.js';
import { LAKE_STALL_MS, STANDSTILL_MS } from '../times.js';
import type { Database } from '../../../src/store/connection/database.js';
import { readGate } from '../../../src/store/delivery/gate.js';

export interface Disrupted {
  /** By what was done: `kill worker-1`. */
  readonly counts: ReadonlyMap<string, number>;
  readonly quietTimes: readonly QuietTime[];
  readonly updates: readonly DoneUpdate[];
  /** From before commits were lost until events were sent again. */
  readonly lostCommits: readonly Span[];
  /** Disruptions that did not come to their end. */
  readonly failures: readonly string[];
}

interface DoneUpdate {
  readonly update: SourceUpdate;
  /** That the flow uses since. */
  readonly mapping: MappingVersion;
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
/** With more events that wait, the load waits as well: disruptions are to meet what is being sent. */
const MOST_WAITING = 10_000;
/** The load runs ahead of the disruptions by this share of what lies between two of them. */
const AHEAD = 2;

export async function carryOut(stage: Stage, plan: readonly PlannedDisruption[], posts: number): Promise<Disrupted> {
  const { load, log } = stage;
  const counts = new Map<string, number>();
  const quietTimes: QuietTime[] = [];
  const updates: DoneUpdate[] = [];
  const lostCommits: Span[] = [];
  let updated = Promise.resolve();
  const allowance = createAllowance(load, posts);
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

  function disturb({ kind, victim, forMs }: ProcessFault): Promise<void> {
    const process = stage.stack.processOf(victim);
    return alone(victim, async () => {
      if (kind === 'kill') await process.kill();
      else process.pause();
      count(`${kind} ${victim}`);
      await delay(forMs);
      if (kind === 'kill') await process.start();
      else process.resume();
    });
  }

  async function disturbLater({ afterMs, processFault }: LaterFault): Promise<void> {
    await delay(afterMs);
    await disturb(processFault);
  }

  async function whenGateIsClosed(isOver: () => boolean): Promise<void> {
    // A database that is away says nothing.
    const isOpen = async () => (await readGate(stage.database, stage.source.id).catch(() => undefined))?.open !== false;
    while (!isOver() && (await isOpen())) await delay(POLL_MS);
  }

  async function update(change: SourceUpdate, processFaults: readonly LaterFault[], goOn: () => void): Promise<void> {
    const { stack, source, platform } = stage;
    const file = await writeManifest(stack.home, source, change);
    const command = (args: readonly string[]) => runClient(stack, args);
    let isOver = false;
    const updating = updateAsTold(command, file).finally(() => (isOver = true));
    const [met] = await Promise.all([
      updating,
      // Then events wait in the form that they are taken in until the source has changed.
      whenGateIsClosed(() => isOver).then(goOn),
      ...processFaults.map(disturbLater),
    ]);
    for (const code of met) count(`go on with an update after ${code}`);
    updates.push({ update: change, mapping: await patiently(() => platform.mappingOf(source.flowId)) });
    count(`update to ${change.name}`);
  }

  async function disrupt({ disruption: planned }: PlannedDisruption): Promise<void> {
    switch (planned.kind) {
      case 'kill':
      case 'pause':
        return disturb(planned);
      case 'flow-change':
        return alone('flow', async () => {
          const processFaults = [...planned.processFaults];
          quietTimes.push(
            await changeFlow(stage, planned.change, async () => {
              const next = processFaults.shift();
              if (next !== undefined) await disturb(next);
            }),
          );
          count(`flow ${planned.change}`);
        });
      case 'update': {
        const before = updated;
        const doing = allowance.slowly(async (goOn) => {
          await before;
          await alone('flow', () => update(planned.update, planned.processFaults, goOn));
        });
        // The next one is tried whatever has become of this one.
        updated = doing.catch(() => undefined);
        return doing;
      }
      case 'forwarder':
        return alone('forwarder', async () => {
          await stage.source.endForwarder(planned.how);
          count(`${planned.how} forwarder`);
        });
      case 'lost-drains':
        return alone('forwarder', async () => {
          await stage.source.configureForwarder();
          await Promise.all(planned.processFaults.map(disturb));
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
          const fromMs = Date.now();
          await alone('postgres', () => loseCommits(processes.postgres, folder, planned.forMs));
          count('lose the last commits');
          const command = (args: readonly string[]) => runClient(stage.stack, args);
          const stops = await goOnAfterSetBack(stage.database, stage.source, command);
          if (stops > 0) count('lose commits that sending then misses');
          lostCommits.push({ fromMs, toMs: Date.now() });
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
  const isLong = ({ disruption: { kind } }: PlannedDisruption): boolean => kind !== 'kill' && kind !== 'pause';
  let short = 0;
  const mayBegin = ({ afterPosts }: PlannedDisruption) =>
    load.answered() >= afterPosts && short < AT_ONCE && stage.progress.waiting() < MOST_WAITING;
  for (const planned of plan) {
    allowance.until(Math.ceil(planned.afterPosts + step));
    while (!mayBegin(planned)) await delay(POLL_MS);
    if (!isLong(planned)) short += 1;
    const one = disrupt(planned).finally(() => {
      if (!isLong(planned)) short -= 1;
    });
    running.add(one);
    one.catch((error: unknown) => {
      failures.push(`${JSON.stringify(planned.disruption)}: ${String(error)}`);
      log(failures.at(-1) ?? '');
    });
  }
  allowance.until(Number.POSITIVE_INFINITY);
  await Promise.allSettled(running);
  return { counts, quietTimes, updates, lostCommits, failures };
}
