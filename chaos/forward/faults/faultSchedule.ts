/** Faults of the inlet, changing every few seconds: calm, one request in a hundred, one in five, and bursts that stop the destination. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '../../../simulator/faults/faults.js';
import { shuffled } from '../../stack/random.js';
import type { SimulatorAdmin } from '../../stack/simulatorAdmin.js';
import { type Random, randomOf } from '../random.js';
import { REQUEST_TIMEOUT_MS } from '../times.js';

const service = (name: string, parameters?: Record<string, unknown>): Fault =>
  parameters === undefined ? { kind: 'service', name } : { kind: 'service', name, parameters };

/** About single events. Twins that look the same to the caller stand side by side. */
const EVENT_FAULTS: readonly (readonly Fault[])[] = [
  [service('acceptThenReset'), service('resetAfterReadNotAccepted')],
  [service('acceptThenStatus', { status: 500 }), service('statusNotAccepted', { status: 500 })],
  [service('acceptThenStatus', { status: 502 }), service('statusNotAccepted', { status: 504 })],
  [service('acceptThenHang'), service('hangNotAccepted')],
  [service('acceptTruncatedBody'), service('acceptEmptyBody')],
  [service('acceptThenDelay', { ms: 300 }), service('acceptThenDelay', { ms: 3_000 })],
  [
    service('acceptThenDelay', { ms: REQUEST_TIMEOUT_MS - 100 }),
    service('acceptThenDelay', { ms: REQUEST_TIMEOUT_MS }),
  ],
  [
    { kind: 'cut', effect: 'none' },
    { kind: 'cut', effect: 'done' },
  ],
];

/** About the destination: each stops it, so they come in bursts. */
const DESTINATION_FAULTS: readonly Fault[] = [
  service('status429'),
  service('status429', { retryAfter: 1 }),
  service('status503', { retryAfter: 1 }),
  service('foreign200'),
  service('acceptForeignBody'),
  service('redirect307'),
  service('tokenExpired'),
];

const INLET = { route: 'inlet.single' } as const;
const RATES = [0.01, 0.2] as const;
const FAULTS_MS = { from: 3_000, to: 6_000 } as const;
const BURST_MS = { from: 300, to: 1_500 } as const;
/** Sets without a fault, of some twenty. */
const CALM = 2;
/** Connections that end before the server has read anything. */
const CONNECTION_RESET = 0.1;

export interface FaultSchedule {
  /** Faults placed so far, by name and rate. */
  readonly placed: ReadonlyMap<string, number>;
  /** Requests that faults have hit. */
  hits(): number;
  /** Removes every fault; resolves when none is left. */
  end(): Promise<void>;
}

export function startFaultSchedule(seed: number, simulator: SimulatorAdmin): FaultSchedule {
  const random = randomOf(seed ^ 0x3ea7);
  const ending = new AbortController();
  const nextFaults = createDeck(random);
  const placed = new Map<string, number>();
  let hits = 0;

  /** The simulator is killed as well: then the change comes when it is back. */
  async function insist(call: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await call();
        return;
      } catch {
        await delay(200);
      }
    }
  }

  async function clear(ids: readonly string[]): Promise<void> {
    await insist(async () => {
      const now = await simulator.hits();
      for (const id of ids) {
        if (!now.has(id)) continue;
        await simulator.remove(id);
        hits += now.get(id) ?? 0;
      }
    });
  }

  async function placeFor(number: number): Promise<void> {
    const rules = nextFaults();
    const ids = rules.map((_, index) => `faults-${number}-${index}`);
    for (const [index, { fault, probability, name, route }] of rules.entries()) {
      placed.set(name, (placed.get(name) ?? 0) + 1);
      const rule = { match: { route }, fault, probability, times: 0, seed: random.below(2 ** 31) };
      await insist(() => simulator.place(ids[index] ?? '', rule));
    }
    const { from, to } = rules.some(({ isBurst }) => isBurst) ? BURST_MS : FAULTS_MS;
    await delay(random.between(from, to), undefined, { signal: ending.signal }).catch(() => undefined);
    await clear(ids);
  }

  async function run(): Promise<void> {
    for (let number = 0; !ending.signal.aborted; number += 1) await placeFor(number);
  }

  const running = run();
  return {
    placed,
    hits: () => hits,
    async end() {
      ending.abort();
      await running;
    },
  };
}

interface Rule {
  readonly fault: Fault;
  readonly probability: number;
  readonly name: string;
  readonly route: string;
  readonly isBurst: boolean;
}

/** Every set of faults once in an order of its own, then all of them again: in two minutes a run has met each kind of fault. */
function createDeck(random: Random): () => Rule[] {
  let deck: Rule[][] = [];
  return () => {
    if (deck.length === 0) deck = shuffled(allSets(random), () => random.next());
    return deck.pop() ?? [];
  };
}

function allSets(random: Random): Rule[][] {
  const bursts = DESTINATION_FAULTS.map((fault) => [
    { fault, probability: 1, name: `burst of ${nameOf(fault)}`, route: INLET.route, isBurst: true },
  ]);
  const single = EVENT_FAULTS.flatMap((faults) => RATES.map((rate) => setOf(faults, rate, random)));
  return [...bursts, ...single, ...Array.from({ length: CALM }, () => [])];
}

function setOf(faults: readonly Fault[], rate: number, random: Random): Rule[] {
  const rules = faults.map((fault) => ({
    fault,
    probability: rate / faults.length,
    name: `${nameOf(fault)} at ${rate * 100} %`,
    route: INLET.route,
    isBurst: false,
  }));
  if (!random.chance(CONNECTION_RESET)) return rules;
  const reset = { fault: { kind: 'cut', effect: 'none' }, probability: rate, name: 'resetBeforeRead' } as const;
  return [...rules, { ...reset, route: 'connection', isBurst: false }];
}

function nameOf(fault: Fault): string {
  if (fault.kind !== 'service') return fault.kind === 'cut' ? `cut, effect ${fault.effect}` : fault.kind;
  const parameters = Object.entries(fault.parameters ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  return [fault.name, ...parameters].join(' ');
}
