/** What every Node process is asked for, under the names that ready dashboards use. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

const RESOLUTION_MS = 20;

export function registerProcessMetrics(registry: Registry, lostLines: () => number): void {
  registry.registerMetric(
    new Gauge({
      name: 'process_resident_memory_bytes',
      help: 'Resident memory.',
      registers: [],
      collect() {
        this.set(process.memoryUsage.rss());
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'CPU time, user and system.',
      registers: [],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'chatlio_aep_log_lines_lost_total',
      help: 'Lines of the log that could not be written, because a disk is full or nothing reads the log.',
      registers: [],
      collect() {
        this.reset();
        this.inc(lostLines());
      },
    }),
  );
  const lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  lag.enable();
  registry.registerMetric(
    new Gauge({
      name: 'nodejs_eventloop_lag_p99_seconds',
      help: 'Event loop lag since the last scrape, 99th percentile.',
      registers: [],
      collect() {
        this.set(Math.max(0, lag.percentile(99) / 1e9 - RESOLUTION_MS / 1e3));
        lag.reset();
      },
    }),
  );
}
