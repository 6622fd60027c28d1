/** Temporal behind an API key, as Temporal Cloud is, and a key that is replaced while a worker runs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { selfSigned } from '../../../simulator/transport/selfSigned.js';
import { readConfiguration } from '../../../src/configuration.js';
import { followApiKey } from '../../../src/temporal/access/apiKeyFile.js';
import { connectClient } from '../../../src/temporal/connection.js';
import { connectWorker } from '../../../src/temporal/workerConnection.js';
import { startGrpcProxy } from '../../support/grpcProxy.js';
import { temporaryFolder } from '../../support/processes.js';
import { withTemporal } from '../../support/temporal.js';

const temporal = withTemporal();
const { key, cert } = selfSigned('temporal.example.com', Date.now());
const PATIENCE = { timeout: 20_000 };
const UNAUTHENTICATED = { status: 16, message: 'Request unauthorized.' };

/** @param accepted keys; may change */
async function behindKeys(accepted: Set<string>) {
  const { address } = await startGrpcProxy(temporal().address, {
    tls: { key, cert },
    refuse: (_path, { authorization }) =>
      accepted.has(authorization?.replace(/^Bearer /, '') ?? '') ? undefined : UNAUTHENTICATED,
  });
  const folder = temporaryFolder();
  const file = join(folder, 'api-key');
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, cert);
  const put = (text: string) => writeFileSync(file, text);
  put('first-key\n');
  const configuration = () =>
    readConfiguration({
      TEMPORAL_ADDRESS: address,
      TEMPORAL_API_KEY_FILE: file,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca,
    });
  return { address, file, put, configuration };
}

describe('an API key', () => {
  it('is taken from its file, and sent by client and worker', async () => {
    const { address, configuration } = await behindKeys(new Set(['first-key']));
    for (const connect of [connectClient, connectWorker]) {
      const { connection, address: reached } = await connect(configuration());
      onTestFinished(() => connection.close());
      expect(reached).toBe(address);
    }
  });

  it('that is wrong is named with its variable', async () => {
    const { configuration } = await behindKeys(new Set(['another-key']));
    const error = {
      code: 'CAEP_TEMPORAL_REFUSED',
      fields: { reason: expect.stringContaining('unauthorized') as string },
    };
    await expect(connectClient(configuration())).rejects.toMatchObject({ error });
  });
});

describe('an API key that is replaced in its file', () => {
  it('is used without a restart, once it is whole', async () => {
    const accepted = new Set(['first-key']);
    const { file, put, configuration } = await behindKeys(accepted);
    const client = await connectClient(configuration());
    const worker = await connectWorker(configuration());
    onTestFinished(async () => {
      await client.close();
      await worker.connection.close();
    });
    const log = { info: vi.fn(), warn: vi.fn() };
    const connections = [client.connection, worker.connection];
    const following = followApiKey({ file, key: 'first-key', connections, log, everyMs: 20 });
    onTestFinished(() => following.close());

    put('');
    await vi.waitFor(() => expect(log.warn).toHaveBeenCalledOnce(), PATIENCE);
    await client.check();
    put('second-key\n');
    await vi.waitFor(() => expect(log.info).toHaveBeenCalledOnce(), PATIENCE);
    accepted.delete('first-key');
    accepted.add('second-key');
    await client.check();
    await worker.connection.workflowService.getSystemInfo({});
    expect(log.warn).toHaveBeenCalledOnce();
    expect(JSON.stringify([log.info.mock.calls, log.warn.mock.calls])).not.toMatch(/(first|second)-key/);
  });
});
