/** Keeps services running: starts them stage by stage, each ready before the next; restarts one that dies; ends them in reverse order. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessIdentity } from '../process/identity.js';

export interface Service {
  readonly name: string;
  /**
   * Starts it and resolves when it serves.
   *
   * @param spawned told as soon as there is a process, which may be long before it serves
   */
  start(spawned: (identity: ProcessIdentity) => void): Promise<RunningService>;
}

interface RunningService {
  readonly exited: Promise<void>;
  stop(): Promise<void>;
}

export interface SupervisorOptions {
  /** Services of one stage start side by side, after all of the stage before serve. */
  readonly stages: readonly (readonly Service[])[];
  readonly onSpawned: (name: string, identity: ProcessIdentity) => void;
  /** Takes one line for a person. */
  readonly log: (line: string) => void;
  /** Ends the start half way: what runs already is stopped, and the promise rejects. */
  readonly signal?: AbortSignal;
  readonly firstBackoffMs?: number;
}

export interface Supervisor {
  /** Ends all, in reverse order of their start. */
  stop(): Promise<void>;
}

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 15_000;
/** A service that has run this long before it died is not one that cannot start. */
const STEADY_AFTER_MS = 30_000;

/** @throws what a service throws at its first start, after all that started have been stopped */
export async function supervise(options: SupervisorOptions): Promise<Supervisor> {
  const started: KeptService[][] = [];
  const stop = async () => {
    for (const stage of started.toReversed()) await Promise.all(stage.map((service) => service.stop()));
  };
  try {
    for (const stage of options.stages) {
      options.signal?.throwIfAborted();
      const starts = await Promise.allSettled(stage.map((service) => keepRunning(service, options)));
      started.push(starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : [])));
      for (const start of starts) if (start.status === 'rejected') throw start.reason;
    }
    options.signal?.throwIfAborted();
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

interface KeptService {
  stop(): Promise<void>;
}

async function keepRunning(service: Service, options: SupervisorOptions): Promise<KeptService> {
  const stopping = new AbortController();
  const start = () => service.start((identity) => options.onSpawned(service.name, identity));
  let running: RunningService | undefined = await start();
  let startedAt = performance.now();
  let backoffMs = options.firstBackoffMs ?? FIRST_BACKOFF_MS;

  const keep = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (running !== undefined) await running.exited;
      running = undefined;
      if (stopping.signal.aborted) return;
      if (performance.now() - startedAt > STEADY_AFTER_MS) backoffMs = options.firstBackoffMs ?? FIRST_BACKOFF_MS;
      options.log(`${service.name} has ended; starting it again in ${backoffMs / 1000} s`);
      await delay(backoffMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
      if (stopping.signal.aborted) return;
      startedAt = performance.now();
      running = await start().catch((error: unknown) => {
        options.log(`${service.name} does not start: ${(error as Error).message}`);
        return undefined;
      });
      if (running !== undefined) options.log(`${service.name} runs again`);
    }
  };
  const kept = keep();

  return {
    stop: async () => {
      stopping.abort();
      await running?.stop();
      await kept;
      // A start that was under way when stop was asked for.
      await running?.stop();
    },
  };
}
