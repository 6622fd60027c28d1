/** The connection of a worker, through the SDK's native library. */
import { NativeConnection } from '@temporalio/worker';
import type { Configuration } from '../configuration.js';
import { within } from '../process/within.js';
import { connectError } from './access/connectError.js';
import { CONNECT_TIMEOUT_MS, targetOf } from './target.js';

export interface TemporalWorkerConnection {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly address: string;
}

/**
 * @throws CodedError `CAEP_TEMPORAL_UNREACHABLE` within 5 s
 */
export async function connectWorker(configuration: Configuration): Promise<TemporalWorkerConnection> {
  const target = targetOf(configuration);
  const { address, namespace } = target;
  const connecting = NativeConnection.connect(target.connectOptions);
  try {
    const connection = await within(CONNECT_TIMEOUT_MS, connecting, () => {
      throw new Error('timeout');
    });
    return { connection, namespace, address };
  } catch (cause) {
    // It may still succeed, with nobody left who wants it.
    connecting.then(
      (connection) => connection.close(),
      () => undefined,
    );
    throw await connectError(target, cause);
  }
}
