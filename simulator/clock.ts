/**
 * The time of the simulated services: real time plus an offset that a test can move forward.
 *
 * Waiting things are not kept across a restart: a service schedules them again from its durable state when it starts.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `task` once the clock has reached `dueMs`; returns the function that cancels it. */
  schedule(dueMs: number, task: () => void | Promise<void>): () => void;
  /** Moves the time forward and returns when everything that became due has run. */
  advance(byMs: number): Promise<void>;
  readonly offsetMs: number;
  close(): void;
}

export interface ClockOptions {
  readonly offsetMs?: number;
  onOffset?(offsetMs: number): void;
  onError(error: unknown): void;
}

interface Waiting {
  readonly dueMs: number;
  readonly task: () => void | Promise<void>;
}

/** Node's timers count in a signed 32-bit integer of milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function createClock(options: ClockOptions): Clock {
  let offsetMs = options.offsetMs ?? 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const waiting = new Set<Waiting>();
  const now = () => Date.now() + offsetMs;

  function arm(): void {
    clearTimeout(timer);
    if (closed || waiting.size === 0) return;
    const nextMs = Math.min(...[...waiting].map((entry) => entry.dueMs));
    const delayMs = Math.min(Math.max(nextMs - now(), 0), LONGEST_TIMER_MS);
    timer = setTimeout(() => void runDue(), delayMs);
  }

  /** Also those that a timer has started; they never reject. */
  const running = new Set<Promise<void>>();

  async function run(entry: Waiting): Promise<void> {
    try {
      await entry.task();
    } catch (error) {
      options.onError(error);
    }
  }

  async function runDue(): Promise<void> {
    const due = [...waiting].filter((entry) => entry.dueMs <= now()).sort((a, b) => a.dueMs - b.dueMs);
    for (const entry of due) {
      if (!waiting.delete(entry)) continue;
      const task = run(entry);
      running.add(task);
      await task;
      running.delete(task);
    }
    arm();
  }

  return {
    now,
    get offsetMs() {
      return offsetMs;
    },
    schedule(dueMs, task) {
      const entry = { dueMs, task };
      waiting.add(entry);
      arm();
      return () => {
        waiting.delete(entry);
        arm();
      };
    },
    async advance(byMs) {
      offsetMs += byMs;
      options.onOffset?.(offsetMs);
      await runDue();
      await Promise.all(running);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      waiting.clear();
    },
  };
}
