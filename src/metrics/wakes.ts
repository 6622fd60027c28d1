/** How often the waker told a forwarder that there is something to send. */
import { Counter, type Registry } from 'prom-client';

export interface WakeMetrics {
  readonly woke: () => void;
  readonly failed: () => void;
}

export function createWakeMetrics(registry: Registry): WakeMetrics {
  const wakes = new Counter({
    name: 'chatlio_aep_wakes_total',
    help: 'Signals to forwarders: stored by Temporal, or failed.',
    labelNames: ['result'],
    registers: [registry],
  });
  const stored = wakes.labels({ result: 'stored' });
  const failed = wakes.labels({ result: 'failed' });
  stored.inc(0);
  failed.inc(0);
  return { woke: () => stored.inc(), failed: () => failed.inc() };
}
