/** What a worker shows after a real drain against a real inlet and PostgreSQL. */
import { describe, expect, it } from 'vitest';
import { createWorkerMetrics } from '../../src/metrics/worker.js';
import { readFigures, readSourceFacts } from '../../src/store/views/figures.js';
import { withBench } from '../activities/drain/overHttp/bench.js';

const bench = withBench();

async function measured() {
  const { database, sourceId } = bench();
  const { name: source } = await readSourceFacts(database, sourceId);
  const metrics = createWorkerMetrics(() => readFigures(database));
  const scrape = async (): Promise<string[]> => (await metrics.registry.metrics()).split('\n');
  return { source, metrics, scrape };
}

describe('the metrics of a drain', () => {
  it('count attempts by outcome, flushes, and why it ended', async () => {
    const { open, log, drain, inlet } = bench();
    const { source, metrics, scrape } = await measured();
    await open();
    const ids = await log(20);
    inlet.behave((eventId) => (eventId === ids[3] ? { status: 400, body: '{"status":400}' } : 'accept'));
    await drain({}, { metrics: metrics.delivery }).report;

    const lines = await scrape();
    expect(lines).toContain(`chatlio_aep_attempts_total{source="${source}",outcome="accepted"} 19`);
    expect(lines).toContain(`chatlio_aep_attempts_total{source="${source}",outcome="refused"} 1`);
    expect(lines).toContain(`chatlio_aep_attempts_total{source="${source}",outcome="unknown"} 0`);
    expect(lines).toContain(`chatlio_aep_post_duration_seconds_count{source="${source}"} 20`);
    expect(lines).toContain(`chatlio_aep_posts_in_flight{source="${source}"} 0`);
    expect(lines).toContain(`chatlio_aep_drains_running{source="${source}"} 0`);
    expect(lines).toContain(`chatlio_aep_drain_ends_total{source="${source}",end="idle"} 1`);
    const flushes = lines.find((line) => line.startsWith('chatlio_aep_flush_duration_seconds_count'));
    expect(Number(flushes?.split(' ').at(-1))).toBeGreaterThan(1);
    expect(lines.join('\n')).not.toContain(inlet.url);
  });

  it('show what the database knows: backlog, its age, exceptions by reason, the gate', async () => {
    const { open, log, drain, inlet } = bench();
    const { source, scrape } = await measured();
    await open();
    const ids = await log(3);
    inlet.behave((eventId) => (eventId === ids[0] ? { status: 400, body: '{"status":400}' } : 'accept'));
    await drain().report;
    await open(new Date(Date.now() + 60_000));
    await log(5, { prefix: 'later' });

    const lines = await scrape();
    const value = (name: string) =>
      Number(
        lines
          .find((line) => line.startsWith(`${name}{source="${source}"`))
          ?.split(' ')
          .at(-1),
      );
    expect(lines).toContain(`chatlio_aep_events_taken_total{source="${source}"} 8`);
    expect(lines).toContain(`chatlio_aep_events_accepted_total{source="${source}"} 2`);
    expect(lines).toContain(`chatlio_aep_events_waiting{source="${source}"} 5`);
    expect(lines).toContain(`chatlio_aep_exceptions{source="${source}",reason="refused",state="held"} 1`);
    expect(lines).toContain(`chatlio_aep_gate_open{source="${source}"} 1`);
    expect(lines).toContain('chatlio_aep_database_readable 1');
    expect(value('chatlio_aep_oldest_waiting_seconds')).toBeGreaterThan(0);
    expect(value('chatlio_aep_exception_oldest_seconds')).toBeGreaterThan(0);
    expect(value('chatlio_aep_gate_opens_in_seconds')).toBeGreaterThan(50);
    expect(Math.abs(value('chatlio_aep_last_taken_timestamp_seconds') - Date.now() / 1_000)).toBeLessThan(30);
    expect(Math.abs(value('chatlio_aep_last_accepted_timestamp_seconds') - Date.now() / 1_000)).toBeLessThan(30);
  });
});
