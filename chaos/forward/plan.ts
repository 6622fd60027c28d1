/** What happens to the stack in a run, and when: from the seed alone. */
import { type Random, randomOf } from './random.js';
import type { ForwarderEnd } from './source.js';
import type { Victim } from './stack.js';

/** Killed, or stopped for a while and continued. */
export interface Strike {
  readonly kind: 'kill' | 'pause';
  readonly victim: Victim;
  /** From SIGKILL to the start, or from SIGSTOP to SIGCONT. */
  readonly forMs: number;
}

/** Changes of the flow, each with the gate closed; a strike comes between each two of its steps. */
export type FlowChange = 'pause' | 'disable' | 'patch';

type Act =
  | Strike
  | { readonly kind: 'flow-change'; readonly change: FlowChange; readonly strikes: readonly Strike[] }
  | { readonly kind: 'forwarder'; readonly how: ForwarderEnd }
  /** The forwarder asks its drains to end, and the workers are killed before they do. */
  | { readonly kind: 'lost-drains'; readonly strikes: readonly Strike[] }
  | { readonly kind: 'lake-stall' }
  /** PostgreSQL takes connections and answers nothing, for longer than anybody waits for it. */
  | { readonly kind: 'standstill' }
  /** PostgreSQL loses what it has committed in so long. */
  | { readonly kind: 'lost-commits'; readonly forMs: number }
  /** The disk of the receivers is full while PostgreSQL is away. */
  | { readonly kind: 'full-disk'; readonly forMs: number };

export interface PlannedAct {
  /** Begins when so many posts have been answered. */
  readonly afterPosts: number;
  readonly act: Act;
}

const WEIGHTS: readonly (readonly [Victim, number])[] = [
  ['worker-1', 5],
  ['worker-2', 5],
  ['receiver-1', 3],
  ['receiver-2', 3],
  ['postgres', 4],
  ['temporal', 3],
  ['simulator', 4],
  ['lake', 2],
];
const PAUSED = 0.35;
/** Also beyond a lease, so that what is continued is a zombie. */
const PAUSE_MS = { from: 200, to: 7_000 } as const;
const DOWN_MS = { from: 0, to: 2_000 } as const;
const LOST_MS = { from: 2_000, to: 8_000 } as const;
const FULL_MS = { from: 1_000, to: 4_000 } as const;
const STRIKES_IN_A_FLOW_CHANGE = 4;

/** @param kills SIGKILLs and SIGSTOPs together, at least */
export function planOf(seed: number, posts: number, kills: number): PlannedAct[] {
  const random = randomOf(seed ^ 0x5eed);
  const acts: Act[] = [];
  const flowChanges = Math.ceil(kills / 25);
  const changes: readonly FlowChange[] = ['disable', 'patch', 'pause'];
  for (let index = 0; index < flowChanges; index += 1) {
    const strikes = Array.from({ length: STRIKES_IN_A_FLOW_CHANGE }, () => strikeOf(random));
    acts.push({ kind: 'flow-change', change: changes[index % changes.length] ?? 'pause', strikes });
  }
  const single = Math.max(0, kills - flowChanges * STRIKES_IN_A_FLOW_CHANGE);
  for (let index = 0; index < single; index += 1) acts.push(strikeOf(random));
  const restarts = Math.max(2, Math.round(kills / 10));
  for (let index = 0; index < restarts; index += 1) {
    acts.push({ kind: 'forwarder', how: index % 2 === 0 ? 'terminate' : 'cancel' });
  }
  for (let index = 0; index < Math.max(1, Math.round(kills / 25)); index += 1) {
    const strikes = (['worker-1', 'worker-2'] as const).map((victim) => ({
      kind: 'kill' as const,
      victim,
      forMs: Math.round(random.between(DOWN_MS.from, DOWN_MS.to)),
    }));
    acts.push({ kind: 'lost-drains', strikes });
  }
  for (let index = 0; index < Math.max(1, Math.round(kills / 100)); index += 1) acts.push({ kind: 'lake-stall' });
  for (let index = 0; index < Math.max(1, Math.round(kills / 100)); index += 1) {
    acts.push(
      { kind: 'standstill' },
      { kind: 'lost-commits', forMs: Math.round(random.between(LOST_MS.from, LOST_MS.to)) },
      { kind: 'full-disk', forMs: Math.round(random.between(FULL_MS.from, FULL_MS.to)) },
    );
  }
  return acts
    .map((act) => ({ act, afterPosts: Math.floor(random.between(0.02, 0.95) * posts) }))
    .sort((a, b) => a.afterPosts - b.afterPosts);
}

function strikeOf(random: Random): Strike {
  const kind = random.chance(PAUSED) ? 'pause' : 'kill';
  const { from, to } = kind === 'pause' ? PAUSE_MS : DOWN_MS;
  return { kind, victim: victimOf(random), forMs: Math.round(random.between(from, to)) };
}

function victimOf(random: Random): Victim {
  let left = random.next() * WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [victim, weight] of WEIGHTS) {
    left -= weight;
    if (left < 0) return victim;
  }
  return 'worker-1';
}
