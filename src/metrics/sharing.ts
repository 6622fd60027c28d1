/** What workers share: who does the work for all, and how long requests to Adobe wait for the organisation's budget. */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface BudgetMeters {
  readonly waited: (ms: number) => void;
  readonly waiting: (count: number) => void;
}

export function createBudgetMeters(registry: Registry): BudgetMeters {
  const registers = [registry];
  const requests = new Counter({
    name: 'chatlio_aep_adobe_requests_total',
    help: "Requests to Adobe's services that took of the organisation's budget, or gave up waiting for it.",
    registers,
  });
  const waits = new Counter({
    name: 'chatlio_aep_adobe_budget_wait_seconds_total',
    help: 'How long they have waited for it, all together.',
    registers,
  });
  const waiting = new Gauge({
    name: 'chatlio_aep_adobe_budget_waiting',
    help: 'Requests that wait for it now.',
    registers,
  });
  return {
    waited(ms) {
      requests.inc();
      waits.inc(ms / 1_000);
    },
    waiting: (count) => waiting.set(count),
  };
}

export function registerDuty(registry: Registry, isOnDuty: () => boolean): void {
  registry.registerMetric(
    new Gauge({
      name: 'chatlio_aep_worker_on_duty',
      help: '1 if this worker does what one does for all sources: wakes forwarders, keeps house, exports the figures.',
      registers: [],
      collect() {
        this.set(isOnDuty() ? 1 : 0);
      },
    }),
  );
}
