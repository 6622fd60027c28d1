/** What the drains of this process do. On the path of each event only plain numbers change; series are made when somebody asks. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { DrainEnd } from '../domain/delivery/forwarder.js';
import type { Attempt } from '../domain/delivery/outcomes.js';

/** `refused`: this event. `not-accepted`: turned away with every other event, to be sent again. */
const OUTCOMES = ['accepted', 'refused', 'not-accepted', 'not-sent', 'unknown'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** From a local inlet to the longest request timeout. */
const POST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const FLUSH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

export interface SourceMeters {
  /** Counts a POST while it runs, and what it came to. */
  readonly post: (attempt: Promise<Attempt>) => Promise<Attempt>;
  readonly flushed: (durationMs: number) => void;
  readonly drainBegan: () => void;
  /** @param end undefined when it failed */
  readonly drainEnded: (end: DrainEnd['kind'] | undefined) => void;
}

export interface DeliveryMetrics {
  /** @param source its name */
  ofSource(source: string): SourceMeters;
}

interface Tally {
  readonly attempts: Record<Outcome, number>;
  inFlight: number;
  drains: number;
}

export function createDeliveryMetrics(registry: Registry): DeliveryMetrics {
  const registers = [registry];
  const tallies = new Map<string, Tally>();
  const meters = new Map<string, SourceMeters>();

  registry.registerMetric(
    new Counter({
      name: 'chatlio_aep_attempts_total',
      help: 'POSTs to the inlet, by outcome.',
      labelNames: ['source', 'outcome'],
      registers: [],
      collect() {
        this.reset();
        for (const [source, { attempts }] of tallies) {
          for (const outcome of OUTCOMES) this.inc({ source, outcome }, attempts[outcome]);
        }
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'chatlio_aep_posts_in_flight',
      help: 'POSTs to the inlet without an answer yet.',
      labelNames: ['source'],
      registers: [],
      collect() {
        for (const [source, { inFlight }] of tallies) this.set({ source }, inFlight);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'chatlio_aep_drains_running',
      help: 'Partitions that this worker is delivering.',
      labelNames: ['source'],
      registers: [],
      collect() {
        for (const [source, { drains }] of tallies) this.set({ source }, drains);
      },
    }),
  );
  const posts = new Histogram({
    name: 'chatlio_aep_post_duration_seconds',
    help: 'Time from the POST to the end of its answer, for attempts that sent anything.',
    labelNames: ['source'],
    buckets: POST_SECONDS,
    registers,
  });
  const flushes = new Histogram({
    name: 'chatlio_aep_flush_duration_seconds',
    help: 'Flush statements: outcomes, cursor, lease and next intents in one commit.',
    labelNames: ['source'],
    buckets: FLUSH_SECONDS,
    registers,
  });
  const ends = new Counter({
    name: 'chatlio_aep_drain_ends_total',
    help: 'Why drains of this worker ended.',
    labelNames: ['source', 'end'],
    registers,
  });

  function createMeters(source: string): SourceMeters {
    const attempts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
    const tally: Tally = { attempts, inFlight: 0, drains: 0 };
    tallies.set(source, tally);
    const postSeconds = posts.labels({ source });
    const flushSeconds = flushes.labels({ source });
    return {
      async post(running) {
        const begunMs = performance.now();
        tally.inFlight += 1;
        const attempt = await running;
        tally.inFlight -= 1;
        const outcome = outcomeOf(attempt);
        attempts[outcome] += 1;
        if (outcome !== 'not-sent') postSeconds.observe((performance.now() - begunMs) / 1_000);
        return attempt;
      },
      flushed: (durationMs) => flushSeconds.observe(durationMs / 1_000),
      drainBegan() {
        tally.drains += 1;
      },
      drainEnded(end) {
        tally.drains -= 1;
        ends.inc({ source, end: end ?? 'failed' });
      },
    };
  }

  return {
    ofSource(source) {
      const known = meters.get(source) ?? createMeters(source);
      meters.set(source, known);
      return known;
    },
  };
}

function outcomeOf(attempt: Attempt): Outcome {
  if (attempt.outcome !== 'refused') return attempt.outcome;
  return attempt.scope === 'destination' ? 'not-accepted' : 'refused';
}
