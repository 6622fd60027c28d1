/** What a receiver counts while it takes webhooks. */
import { Counter, Histogram, type Metric } from 'prom-client';
import { kindOfCode } from '../domain/events/kinds.js';

export interface IntakeMetrics {
  readonly metrics: readonly Metric[];
  /** A group of events has become durable in one commit, or one fsync of the spool. */
  groupTaken(group: { readonly events: readonly { readonly kind: number }[]; readonly taken: readonly string[] }): void;
  /** A webhook was answered with 2xx. */
  acknowledged(durationMs: number): void;
}

export function createIntakeMetrics(): IntakeMetrics {
  const events = new Counter({
    name: 'chatlio_aep_receiver_events_total',
    help: 'Webhooks that were taken, by kind and by result (arrival).',
    labelNames: ['kind', 'arrival'],
    registers: [],
  });
  const groups = new Histogram({
    name: 'chatlio_aep_receiver_group_events',
    help: 'Events that were stored with one commit or one fsync.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [],
  });
  const acknowledgement = new Histogram({
    name: 'chatlio_aep_receiver_acknowledge_seconds',
    help: 'Time from the headers of a webhook to its 2xx answer.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [],
  });
  return {
    metrics: [events, groups, acknowledgement],
    groupTaken(group) {
      groups.observe(group.events.length);
      for (const [index, { kind }] of group.events.entries()) {
        events.inc({ kind: kindOfCode(kind) ?? 'unknown', arrival: group.taken[index] ?? 'unknown' });
      }
    },
    acknowledged: (durationMs) => acknowledgement.observe(durationMs / 1_000),
  };
}
