/** All metrics of a receiver process of our own. */
import { Counter, Gauge, Registry } from 'prom-client';
import { createIntakeMetrics, type IntakeMetrics } from './intake.js';
import { registerProcessMetrics } from './process.js';

export interface ReceiverReadings {
  /** What became of the requests since the start, by outcome. */
  readonly counts: () => Readonly<Record<string, number>>;
  /** Requests near a route, with a wrong secret. */
  readonly nearMisses: () => readonly { readonly widget: string; readonly kind: string; readonly count: number }[];
  /** Since the start: there were too many. */
  readonly refusedConnections: () => number;
  /** What waits for PostgreSQL. */
  readonly spoolDepth: () => { readonly records: number; readonly bytes: number };
  /** Of the log, since the start. */
  readonly lostLines: () => number;
  /** Events that PostgreSQL had lost after they were answered, since the start. */
  readonly putBack: () => number;
  /** What of it cannot be given any more. */
  readonly spoolDamage: () => { readonly unreadable: number; readonly vanished: number };
}

/** Answered with 503 while they rise: shown from the start, so that the first one is an increase. */
const UNAVAILABLE = ['no-room', 'no-place', 'not-durable', 'no-routes'];

export function createReceiverMetrics(read: ReceiverReadings, intake: IntakeMetrics = createIntakeMetrics()): Registry {
  const registry = new Registry();
  for (const metric of intake.metrics) registry.registerMetric(metric);
  registerProcessMetrics(registry, read.lostLines);
  registry.registerMetric(
    new Counter({
      name: 'chatlio_aep_receiver_requests_total',
      help: 'Webhook requests that were answered, by outcome.',
      labelNames: ['outcome'],
      registers: [],
      collect() {
        this.reset();
        for (const outcome of UNAVAILABLE) this.inc({ outcome }, 0);
        for (const [outcome, count] of Object.entries(read.counts())) this.inc({ outcome }, count);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'chatlio_aep_receiver_near_misses_total',
      help: 'Webhook requests to a URL of a source whose secret is wrong, or no longer valid after a rotation.',
      labelNames: ['widget', 'kind'],
      registers: [],
      collect() {
        this.reset();
        for (const { widget, kind, count } of read.nearMisses()) this.inc({ widget, kind }, count);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'chatlio_aep_receiver_refused_connections_total',
      help: 'Connections that were closed at once because there were too many.',
      registers: [],
      collect() {
        this.reset();
        this.inc(read.refusedConnections());
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'chatlio_aep_receiver_spool_events',
      help: 'Acknowledged events in this receiver’s spool, not in PostgreSQL yet.',
      registers: [],
      collect() {
        this.set(read.spoolDepth().records);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'chatlio_aep_receiver_spool_bytes',
      help: 'Size of the spool on disk.',
      registers: [],
      collect() {
        this.set(read.spoolDepth().bytes);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'chatlio_aep_receiver_put_back_total',
      help: 'Answered events that PostgreSQL had lost and that this receiver has inserted again.',
      registers: [],
      collect() {
        this.reset();
        this.inc(read.putBack());
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'chatlio_aep_receiver_spool_damaged',
      help: 'Damage to the spool: unreadable places in files that are kept beside it, events in files that were removed.',
      labelNames: ['what'],
      registers: [],
      collect() {
        const { unreadable, vanished } = read.spoolDamage();
        this.set({ what: 'unreadable' }, unreadable);
        this.set({ what: 'vanished' }, vanished);
      },
    }),
  );
  return registry;
}
