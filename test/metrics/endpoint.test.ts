/** One endpoint with our metrics and those of the SDK, which must be there by the names that alerts and dashboard use. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMetricsServer } from '../../src/metrics/server.js';
import { createWorkerMetrics } from '../../src/metrics/worker.js';
import { freePort } from '../../src/process/ports.js';
import { installRuntime } from '../../src/temporal/runtime.js';
import { askUnder } from '../support/askUnder.js';
import { withTemporal } from '../support/temporal.js';

const sdkPort = await freePort();
// Before anything else of the SDK, as in the worker.
installRuntime(pino({ level: 'silent' }), sdkPort);
const temporal = withTemporal();

const LISTEN = { host: '127.0.0.1', port: 0, option: 'WORKER_METRICS_PORT' };

async function listening(options: { readonly registry: Registry; readonly sdkUrl?: string }) {
  const server = await startMetricsServer({ ...LISTEN, ...options });
  onTestFinished(() => server.close());
  return server;
}

const scrape = async (url: string): Promise<string> => (await fetch(url)).text();

describe('the metrics endpoint', () => {
  it('shows ours and, by the names that ops/ and docs/ use, those of the Temporal SDK', async () => {
    const { registry } = createWorkerMetrics(() => Promise.resolve({ sources: [], receivers: [], silences: [] }));
    const { url } = await listening({ registry, sdkUrl: `http://127.0.0.1:${sdkPort}/metrics` });
    const taskQueue = `metrics-${randomUUID()}`;
    const connection = await NativeConnection.connect({ address: temporal().address });
    const worker = await Worker.create({
      connection,
      taskQueue,
      workflowsPath: fileURLToPath(new URL('workflows.ts', import.meta.url)),
      activities: { nothing: () => Promise.resolve() },
    });
    const wanted = new Set(
      ['docs/metrics.md', 'ops/prometheus-alerts.yaml', 'ops/grafana-dashboard.json'].flatMap((path) => {
        const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
        return (text.match(/\btemporal_\w+/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, ''));
      }),
    );
    expect(wanted.size).toBeGreaterThan(2);

    await worker.runUntil(async () => {
      const { workflow } = temporal().client;
      await workflow.start('failing', { taskQueue, workflowId: taskQueue });
      await workflow.execute('running', { taskQueue, workflowId: `${taskQueue}-running` });
      await expect.poll(async () => missing(wanted, await scrape(url)), { timeout: 60_000, interval: 500 }).toEqual([]);
      await workflow.getHandle(taskQueue).terminate('seen');
    });
    await connection.close();
    expect(await scrape(url)).toContain('chatlio_aep_database_readable 1');
  }, 120_000);

  it('shows ours alone while the SDK does not answer, and 404 beside them', async () => {
    const { registry } = createWorkerMetrics(() => Promise.reject(new Error('no database')));
    const { url } = await listening({ registry, sdkUrl: `http://127.0.0.1:${await freePort()}/metrics` });
    const text = await scrape(url);
    expect(text).toContain('chatlio_aep_database_readable 0');
    expect(text).not.toContain('temporal_');
    expect((await fetch(new URL('/', url))).status).toBe(404);
  });

  it('answers no page that has its own name point here', async () => {
    const { url } = await listening({ registry: new Registry() });
    const { host, port } = new URL(url);
    expect(await askUnder(url, { host })).toMatchObject({ status: 200 });
    expect(await askUnder(url, { host: `evil.example:${port}` })).toMatchObject({ status: 403 });
  });

  it('says which variable chooses another port when its own is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const starting = startMetricsServer({ ...LISTEN, port, registry: new Registry() });
    await expect(starting).rejects.toMatchObject({
      error: { code: 'CAEP_PORT_TAKEN', fields: { port: String(port) } },
    });
  });
});

function missing(names: ReadonlySet<string>, text: string): string[] {
  return [...names].filter((name) => !new RegExp(`^${name}(_bucket)?[{ ]`, 'm').test(text));
}
