import { readFileSync } from 'node:fs';
import { askUnder } from '../../support/askUnder.js';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from '../../../src/process/ports.js';
import { startTemporalServer, type TemporalServer } from '../../../src/temporal/devServer/server.js';
import { temporaryFolder } from '../../support/processes.js';
import { temporalBinary } from '../../support/temporalBinary.js';

async function connect(server: TemporalServer): Promise<Client> {
  const connection = await Connection.connect({ address: server.address });
  onTestFinished(() => connection.close());
  return new Client({ connection });
}

it('comes back with its workflows and search attributes after a kill -9', async () => {
  const options = {
    binary: await temporalBinary(),
    dbFile: join(temporaryFolder(), 'temporal.db'),
    namespace: 'default',
    port: await freePort(),
  };
  const first = await startTemporalServer(options);
  onTestFinished(() => first.stop());
  const workflowId = randomUUID();
  const started = await (await connect(first)).workflow.start('anything', { workflowId, taskQueue: 'nobody' });
  process.kill(first.pid, 'SIGKILL');
  await first.exited;

  const second = await startTemporalServer(options);
  onTestFinished(() => second.stop());
  expect(second.address).toBe(first.address);
  const found = await (await connect(second)).workflow.getHandle(workflowId).describe();
  expect(found.runId).toBe(started.firstExecutionRunId);
});

it('serves its UI where asked to, and neither that nor its HTTP API to a page of another name', async () => {
  const logFile = join(temporaryFolder(), 'temporal.log');
  const server = await startTemporalServer({
    binary: await temporalBinary(),
    dbFile: join(temporaryFolder(), 'temporal.db'),
    namespace: 'default',
    uiPort: await freePort(),
    logFile,
  });
  onTestFinished(() => server.stop());
  const page = await fetch(server.uiUrl ?? '');
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<html');
  // Its banner is written beside its readiness, now and then after it.
  const banner = /HTTP: +\S+:(\d+)/;
  await vi.waitFor(() => expect(readFileSync(logFile, 'utf8')).toMatch(banner), 10_000);
  const httpPort = banner.exec(readFileSync(logFile, 'utf8'))?.[1];
  const api = `http://127.0.0.1:${httpPort}/api/v1/namespaces`;
  for (const url of [server.uiUrl ?? '', api]) {
    const { host, port } = new URL(url);
    expect(await askUnder(url, { host })).toMatchObject({ status: 200 });
    expect(await askUnder(url, { host: `evil.example:${port}` })).toMatchObject({ status: 403 });
  }
});

it('says which port is taken', async () => {
  const binary = await temporalBinary();
  const dbFile = join(temporaryFolder(), 'temporal.db');
  const server = await startTemporalServer({ binary, dbFile, namespace: 'default' });
  onTestFinished(() => server.stop());
  const port = Number(server.address.split(':')[1]);
  const second = startTemporalServer({ binary, dbFile: `${dbFile}.2`, namespace: 'default', port });
  await expect(second).rejects.toMatchObject({ error: { code: 'CAEP_PORT_TAKEN', fields: { port: String(port) } } });
});

it('says with the server’s own words why it does not start', async () => {
  const folder = temporaryFolder();
  const options = { binary: await temporalBinary(), namespace: 'default', logFile: join(folder, 'log') };
  // A folder is no database file.
  const refused = startTemporalServer({ ...options, dbFile: folder });
  await expect(refused).rejects.toMatchObject({ error: { code: 'CAEP_TEMPORAL_NOT_STARTED' } });
  await expect(refused).rejects.toThrow(/unable to open database/);
});
