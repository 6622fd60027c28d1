/** What happens to the stack in a run, and when: from the seed alone. */
import { DEV_SERVER, type On } from '../stack/temporal.js';
import { type Random, randomOf } from './random.js';
import type { ForwarderEnd } from './source.js';
import type { Victim } from './stack.js';
import { SOURCE_UPDATES, type SourceUpdate } from './updates.js';

/** Killed, or stopped for a while and continued. */
export interface ProcessFault {
  readonly kind: 'kill' | 'pause';
  readonly victim: Victim;
  /** From SIGKILL to the start, or from SIGSTOP to SIGCONT. */
  readonly forMs: number;
}

/** So long after what it stands in has begun. */
export interface LaterFault {
  readonly afterMs: number;
  readonly processFault: ProcessFault;
}

/** Changes of the flow, each with the gate closed; a process is killed or stopped between each two of its steps. */
export type FlowChange = 'pause' | 'disable' | 'patch';

type Disruption =
  | ProcessFault
  | { readonly kind: 'flow-change'; readonly change: FlowChange; readonly processFaults: readonly ProcessFault[] }
  /** The source is given another manifest, and processes are killed or stopped meanwhile. They come in this order. */
  | { readonly kind: 'update'; readonly update: SourceUpdate; readonly processFaults: readonly LaterFault[] }
  | { readonly kind: 'forwarder'; readonly how: ForwarderEnd }
  /** The forwarder asks its drains to end, and the workers are killed before they do. */
  | { readonly kind: 'lost-drains'; readonly processFaults: readonly ProcessFault[] }
  | { readonly kind: 'lake-stall' }
  /** PostgreSQL takes connections and answers nothing, for longer than anybody waits for it. */
  | { readonly kind: 'standstill' }
  /** PostgreSQL loses what it has committed in so long. */
  | { readonly kind: 'lost-commits'; readonly forMs: number }
  /** The disk of the receivers is full while PostgreSQL is away. */
  | { readonly kind: 'full-disk'; readonly forMs: number };

export interface PlannedDisruption {
  /** Begins when so many posts have been answered. */
  readonly afterPosts: number;
  readonly disruption: Disruption;
}

type Weights = readonly (readonly [Victim, number])[];

const WEIGHTS: Weights = [
  ['worker-1', 5],
  ['worker-2', 5],
  ['receiver-1', 3],
  ['receiver-2', 3],
  ['postgres', 4],
  ['temporal', 3],
  ['simulator', 4],
  ['lake', 2],
];
const WEIGHTS_OF_CLUSTER: Weights = [
  ...WEIGHTS.filter(([victim]) => victim !== 'temporal'),
  ['temporal-frontend', 2],
  ['temporal-history', 3],
  ['temporal-matching', 2],
  ['temporal-worker', 1],
  ['temporal-postgres', 2],
  ['balancer', 1],
];
const WEIGHTS_ON: Readonly<Record<On['kind'], Weights>> = {
  'dev-server': WEIGHTS,
  cluster: WEIGHTS_OF_CLUSTER,
  outside: WEIGHTS.filter(([victim]) => victim !== 'temporal'),
};
const PAUSED = 0.35;
/** Also beyond a lease, so that what is continued is a zombie. */
const PAUSE_MS = { from: 200, to: 7_000 } as const;
const DOWN_MS = { from: 0, to: 2_000 } as const;
const LOST_MS = { from: 2_000, to: 8_000 } as const;
const FULL_MS = { from: 1_000, to: 4_000 } as const;
const FAULTS_IN_A_FLOW_CHANGE = 4;
const FAULTS_IN_AN_UPDATE = 1;
/** From the start of the command until the gate is open again. */
const UPDATE_MS = { from: 500, to: 8_000 } as const;
const UPDATES = { from: 0.25, to: 0.85 } as const;

/** @param kills SIGKILLs and SIGSTOPs together, at least */
export function planOf(seed: number, posts: number, kills: number, on: On = DEV_SERVER): PlannedDisruption[] {
  const weights = WEIGHTS_ON[on.kind];
  const random = randomOf(seed ^ 0x5eed);
  const disruptions: Disruption[] = [];
  const flowChanges = Math.ceil(kills / 25);
  const changes: readonly FlowChange[] = ['disable', 'patch', 'pause'];
  for (let index = 0; index < flowChanges; index += 1) {
    const processFaults = Array.from({ length: FAULTS_IN_A_FLOW_CHANGE }, () => processFaultOf(random, weights));
    disruptions.push({ kind: 'flow-change', change: changes[index % changes.length] ?? 'pause', processFaults });
  }
  const updates = updatesOf(kills, random, weights);
  const single = Math.max(0, kills - flowChanges * FAULTS_IN_A_FLOW_CHANGE - updates.length * FAULTS_IN_AN_UPDATE);
  for (let index = 0; index < single; index += 1) disruptions.push(processFaultOf(random, weights));
  const restarts = Math.max(2, Math.round(kills / 10));
  for (let index = 0; index < restarts; index += 1) {
    disruptions.push({ kind: 'forwarder', how: index % 2 === 0 ? 'terminate' : 'cancel' });
  }
  for (let index = 0; index < Math.max(1, Math.round(kills / 25)); index += 1) {
    const processFaults = (['worker-1', 'worker-2'] as const).map((victim) => ({
      kind: 'kill' as const,
      victim,
      forMs: Math.round(random.between(DOWN_MS.from, DOWN_MS.to)),
    }));
    disruptions.push({ kind: 'lost-drains', processFaults });
  }
  for (let index = 0; index < Math.max(1, Math.round(kills / 100)); index += 1)
    disruptions.push({ kind: 'lake-stall' });
  for (let index = 0; index < Math.max(1, Math.round(kills / 100)); index += 1) {
    disruptions.push(
      { kind: 'standstill' },
      { kind: 'lost-commits', forMs: Math.round(random.between(LOST_MS.from, LOST_MS.to)) },
      { kind: 'full-disk', forMs: Math.round(random.between(FULL_MS.from, FULL_MS.to)) },
    );
  }
  const apart = (UPDATES.to - UPDATES.from) / updates.length;
  return [
    ...disruptions.map((disruption) => ({ disruption, at: random.between(0.02, 0.95) })),
    // In their order, and each when the one before is over.
    ...updates.map((disruption, index) => ({ disruption, at: UPDATES.from + (index + random.next() / 4) * apart })),
  ]
    .map(({ disruption, at }) => ({ disruption, afterPosts: Math.floor(at * posts) }))
    .sort((a, b) => a.afterPosts - b.afterPosts);
}

/** To whole chats first, then back and forth between the others. */
function updatesOf(kills: number, random: Random, weights: Weights): Extract<Disruption, { kind: 'update' }>[] {
  const [first, ...later] = SOURCE_UPDATES;
  const rest = Array.from({ length: Math.max(1, Math.round(kills / 50)) }, (_, index) => later[index % later.length]);
  return [first, ...rest].flatMap((update) => {
    if (update === undefined) return [];
    const processFaults = Array.from({ length: FAULTS_IN_AN_UPDATE }, () => ({
      afterMs: Math.round(random.between(UPDATE_MS.from, UPDATE_MS.to)),
      processFault: processFaultOf(random, weights),
    }));
    return [{ kind: 'update' as const, update, processFaults }];
  });
}

function processFaultOf(random: Random, weights: Weights): ProcessFault {
  const kind = random.chance(PAUSED) ? 'pause' : 'kill';
  const { from, to } = kind === 'pause' ? PAUSE_MS : DOWN_MS;
  return { kind, victim: victimOf(random, weights), forMs: Math.round(random.between(from, to)) };
}

function victimOf(random: Random, weights: Weights): Victim {
  let left = random.next() * weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [victim, weight] of weights) {
    left -= weight;
    if (left < 0) return victim;
  }
  return 'worker-1';
}
