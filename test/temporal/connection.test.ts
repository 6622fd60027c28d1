import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { readConfiguration } from '../../src/configuration.js';
import { freePort } from '../../src/process/ports.js';
import { connectClient } from '../../src/temporal/connection.js';
import { SEARCH_ATTRIBUTE_NAMES } from '../../src/domain/source/searchAttributes.js';
import { ensureSearchAttributes } from '../../src/temporal/searchAttributes.js';
import { connectWorker } from '../../src/temporal/workerConnection.js';
import { withTemporal } from '../support/temporal.js';

const temporal = withTemporal();
const at = (address: string, namespace?: string) =>
  readConfiguration({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });

/** Takes connections and never says a word, as a wrong port often does. */
async function silentServer(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

const SHORTLY_MS = 6_000;

describe('a connection to Temporal', () => {
  it('is made from the configuration', async () => {
    const connected = await connectClient(at(temporal().address));
    onTestFinished(() => connected.close());
    expect(connected).toMatchObject({ address: temporal().address, namespace: 'default' });
    expect(await connected.client.workflow.count(`WorkflowType = 'none'`)).toMatchObject({ count: 0 });
  });

  for (const [kind, connect] of [
    ['client', connectClient],
    ['worker', connectWorker],
  ] as const) {
    it(
      `says within 5 s that nobody listens (${kind})`,
      async () => {
        const address = `127.0.0.1:${await freePort()}`;
        const error = { code: 'CAEP_TEMPORAL_UNREACHABLE', fields: { address } };
        await expect(connect(at(address))).rejects.toMatchObject({ error });
      },
      SHORTLY_MS,
    );

    it(
      `says within 5 s that nobody answers (${kind})`,
      async () => {
        const address = await silentServer();
        const error = { code: 'CAEP_TEMPORAL_UNREACHABLE', fields: { address } };
        await expect(connect(at(address))).rejects.toMatchObject({ error });
      },
      SHORTLY_MS,
    );
  }

  it.each([
    ['client', connectClient],
    ['worker', connectWorker],
  ] as const)('is never made through a proxy, which is meant for Adobe (%s)', async (_kind, connect) => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    vi.stubEnv('https_proxy', dead);
    vi.stubEnv('http_proxy', dead);
    vi.stubEnv('HTTPS_PROXY', dead);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const connected = await connect(at(temporal().address));
    onTestFinished(() => connected.connection.close());
    expect(connected).toMatchObject({ address: temporal().address });
  });

  it('names a namespace that does not exist', async () => {
    const { address } = temporal();
    const error = { code: 'CAEP_TEMPORAL_NAMESPACE_UNKNOWN', fields: { address, namespace: 'elsewhere' } };
    await expect(connectClient(at(address, 'elsewhere'))).rejects.toMatchObject({ error });
  });
});

describe('ensureSearchAttributes', () => {
  it('makes what a namespace lacks, also when several ask at once', async () => {
    const { namespace } = temporal();
    const { connection: own } = await connectClient(at(temporal().address));
    onTestFinished(() => own.close());
    await own.operatorService.removeSearchAttributes({ namespace, searchAttributes: ['HeldReason'] });
    await Promise.all([ensureSearchAttributes(own, namespace), ensureSearchAttributes(own, namespace)]);
    const { customAttributes } = await own.operatorService.listSearchAttributes({ namespace });
    expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTE_NAMES]));
  });
});
