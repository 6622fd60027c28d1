/** Committed intents whose request has not begun. */
import type { Attempts, Sendable } from './attempts.js';
import type { Lease } from './lease.js';
import type { Rate } from './rate.js';

export interface Outbox {
  readonly size: () => number;
  /** Begun requests included, slow ones not. */
  readonly undecided: () => number;
  add(sendables: readonly Sendable[]): void;
  /** Begins the requests that may begin now. */
  start(): void;
  /** Takes back all that have not begun. */
  withdraw(): Sendable[];
}

export function createOutbox(deps: {
  readonly attempts: Pick<Attempts, 'free' | 'start' | 'running'>;
  readonly lease: Pick<Lease, 'holds'>;
  readonly rate: Rate;
}): Outbox {
  const { attempts, lease, rate } = deps;
  let ready: Sendable[] = [];
  return {
    size: () => ready.length,
    undecided: () => ready.length + attempts.running(),
    add(sendables) {
      ready.push(...sendables);
    },
    start() {
      while (ready.length > 0 && attempts.free() > 0 && lease.holds() && rate.take()) {
        const next = ready.shift();
        if (next !== undefined) attempts.start(next);
      }
    },
    withdraw() {
      const withdrawn = ready;
      ready = [];
      return withdrawn;
    },
  };
}
