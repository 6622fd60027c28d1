/** A Temporal server that the run's test files share. Each test uses task queues and workflow ids of its own. */
import { join } from 'node:path';
import { type Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { afterAll, beforeAll, inject } from 'vitest';
import { startTemporalServer } from '../../src/temporal/devServer/server.js';
import { createClient } from '../../src/temporal/connection.js';
import { sharedServer } from './shared.js';
import { SOON_DELETED, temporalBinary } from './temporalBinary.js';

export interface TestTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly client: Client;
  /** For workers. */
  readonly nativeConnection: NativeConnection;
}

const NAMESPACE = 'default';

/**
 * Call it at the top of a test file or of a `describe`.
 *
 * @returns gives the connections, from `beforeAll` on
 */
export function withTemporal(): () => TestTemporal {
  let temporal: TestTemporal | undefined;

  beforeAll(async () => {
    const address = inject('temporalAddress') ?? (await sharedTemporal());
    const connection = await Connection.connect({ address });
    const nativeConnection = await NativeConnection.connect({ address });
    const client = createClient(connection, NAMESPACE);
    temporal = { address, namespace: NAMESPACE, client, nativeConnection };
  });
  afterAll(async () => {
    await temporal?.client.connection.close();
    await temporal?.nativeConnection.close();
  });

  return () => {
    if (temporal === undefined) throw new Error('the connections exist from beforeAll on');
    return temporal;
  };
}

function sharedTemporal(): Promise<string> {
  const runDir = inject('runDir');
  return sharedServer(runDir, 'temporal', async () => {
    const binary = await temporalBinary();
    const server = await startTemporalServer({
      binary,
      dbFile: join(runDir, 'temporal.db'),
      namespace: NAMESPACE,
      dynamicConfig: SOON_DELETED,
    });
    return { pid: server.pid, connect: server.address };
  });
}
