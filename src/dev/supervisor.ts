/** Keeps services running: starts them stage by stage, each ready before the next; restarts one that dies; ends them in reverse order. */
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../domain/messageOf.js';
import type { ProcessIdentity } from '../process/programs/identity.js';

export interface Service {
  readonly name: string;
  /**
   * Starts it and resolves when it serves.
   *
   * @param spawned told as soon as there is a process, which may be long before it serves
   * @param signal the start is not wanted any more: what takes long need not be finished
   */
  start(spawned: (identity: ProcessIdentity) => void, signal?: AbortSignal): Promise<RunningService>;
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
  // One that cannot start ends the starts beside it: a server may be minutes from being built.
  const failure = new AbortController();
  const starting = AbortSignal.any([failure.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const keepOrFail = (service: Service): Promise<KeptService> =>
    keepRunning(service, options, starting).catch((error: unknown) => {
      failure.abort(error);
      throw error;
    });
  const stop = async () => {
    for (const stage of started.toReversed()) await Promise.all(stage.map((service) => service.stop()));
  };
  try {
    for (const stage of options.stages) {
      options.signal?.throwIfAborted();
      const starts = await Promise.allSettled(stage.map(keepOrFail));
      started.push(starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : [])));
      // With the first failure, of which the others may be a consequence.
      starting.throwIfAborted();
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

interface KeptService {
  stop(): Promise<void>;
}

async function keepRunning(service: Service, options: SupervisorOptions, starting: AbortSignal): Promise<KeptService> {
  const stopping = new AbortController();
  const start = (signal: AbortSignal) => service.start((identity) => options.onSpawned(service.name, identity), signal);
  let running: RunningService | undefined = await start(starting);
  let startedAt = performance.now();
  let backoffMs = options.firstBackoffMs ?? FIRST_BACKOFF_MS;

  const keep = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (running !== undefined) await running.exited;
      running = undefined;
      if (stopping.signal.aborted) return;
      if (performance.now() - startedAt > STEADY_AFTER_MS) backoffMs = options.firstBackoffMs ?? FIRST_BACKOFF_MS;
      options.log(`${service.name} has stopped; starting it again in ${backoffMs / 1000} s`);
      await delay(backoffMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
      if (stopping.signal.aborted) return;
      startedAt = performance.now();
      running = await start(stopping.signal).catch((error: unknown) => {
        options.log(`${service.name} did not start: ${messageOf(error)}`);
        return undefined;
      });
      if (running !== undefined) options.log(`${service.name} is running again`);
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
