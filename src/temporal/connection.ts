/** The connection of a client: without the worker's native library, which takes 60 MB and a second to load. */
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { Configuration } from '../configuration.js';
import { connectError } from './access/connectError.js';
import { askAgain } from './askAgain.js';
import { CONNECT_TIMEOUT_MS, targetOf } from './target.js';

/** Some 0.6 s of tries: a command line tells soon that nobody answers, and what waits for longer asks again itself. */
const CLIENT_ATTEMPTS = 4;

/** All clients of the product: a query is asked again where it was refused for having overtaken its workflow. */
export function createClient(connection: Connection, namespace: string): Client {
  return new Client({ connection, namespace, interceptors: { workflow: [askAgain] } });
}

export interface TemporalClient {
  readonly client: Client;
  readonly connection: Connection;
  readonly namespace: string;
  readonly address: string;
  /**
   * Asks for the namespace.
   *
   * @throws CodedError as {@link connectClient} does, and as soon
   */
  check(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @throws CodedError `CAEP_TEMPORAL_UNREACHABLE` within 5 s; `CAEP_TEMPORAL_NAMESPACE_UNKNOWN`, `CAEP_TEMPORAL_REFUSED`
 */
export async function connectClient(configuration: Configuration): Promise<TemporalClient> {
  const target = targetOf(configuration);
  const { address, namespace } = target;
  const retry = makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: CLIENT_ATTEMPTS }));
  // Without it gRPC takes the proxy that is meant for Adobe; a worker's connection never does.
  const channelArgs = { 'grpc.enable_http_proxy': 0 };
  const connection = Connection.lazy({ ...target.connectOptions, channelArgs, interceptors: [retry] });
  async function check(): Promise<void> {
    try {
      await connection.withDeadline(Date.now() + CONNECT_TIMEOUT_MS, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
    } catch (cause) {
      throw await connectError(target, cause);
    }
  }
  try {
    await check();
  } catch (error) {
    await connection.close();
    throw error;
  }
  return {
    client: createClient(connection, namespace),
    connection,
    namespace,
    address,
    check,
    close: () => connection.close(),
  };
}
