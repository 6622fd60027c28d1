/** Connections to the Temporal server, for the client and for the worker. */
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import type { Configuration } from '../configuration.js';
import { codedError } from '../domain/errors.js';
import { askAgain } from './askAgain.js';
import { GRPC_STATUS, grpcStatusOf } from './grpcStatus.js';

/** Promised is an answer within 5 s, connecting and giving up included. */
const CONNECT_TIMEOUT_MS = 3_000;
/** Some 0.6 s of tries: a command line tells soon that nobody answers, and what waits for longer asks again itself. */
const CLIENT_ATTEMPTS = 4;
const DEFAULT_ADDRESS = '127.0.0.1:7233';
const DEFAULT_NAMESPACE = 'default';

type ConnectOptions = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  readonly connectOptions: ConnectOptions;
}

/**
 * Is a Temporal server named at all, by TEMPORAL_ADDRESS or a profile of the Temporal CLI's configuration file? Then
 * none is started.
 */
export function temporalIsConfigured(configuration: Configuration): boolean {
  return configuration.temporal.address !== undefined || loadProfile().connectionOptions.address !== undefined;
}

/** All clients of the product: a query is asked again where it was refused for having overtaken its workflow. */
export function createClient(connection: Connection, namespace: string): Client {
  return new Client({ connection, namespace, interceptors: { workflow: [askAgain] } });
}

export interface TemporalClient {
  readonly client: Client;
  readonly connection: Connection;
  readonly namespace: string;
  readonly address: string;
  close(): Promise<void>;
}

/**
 * @throws CodedError `CAEP_TEMPORAL_UNREACHABLE` within 5 s; `CAEP_TEMPORAL_NAMESPACE_UNKNOWN`
 */
export async function connectClient(configuration: Configuration): Promise<TemporalClient> {
  const target = targetOf(configuration);
  const { address, namespace } = target;
  const retry = makeGrpcRetryInterceptor(defaultGrpcRetryOptions({ maxAttempts: CLIENT_ATTEMPTS }));
  const connection = Connection.lazy({ ...target.connectOptions, interceptors: [retry] });
  try {
    await connection.withDeadline(Date.now() + CONNECT_TIMEOUT_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (cause) {
    await connection.close();
    throw connectError(target, cause);
  }
  return {
    client: createClient(connection, namespace),
    connection,
    namespace,
    address,
    close: () => connection.close(),
  };
}

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
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('timeout')), CONNECT_TIMEOUT_MS);
  });
  try {
    return { connection: await Promise.race([connecting, timeout]), namespace, address };
  } catch (cause) {
    // It may still succeed, with nobody left who wants it.
    connecting.then(
      (connection) => connection.close(),
      () => undefined,
    );
    throw connectError(target, cause);
  } finally {
    clearTimeout(timer);
  }
}

/** `configuration` first, then profile (which the SDK reads from the environment and the CLI's file), then this machine. */
function targetOf(configuration: Configuration): TemporalTarget {
  const profile = loadProfile();
  const address = configuration.temporal.address ?? profile.connectionOptions.address ?? DEFAULT_ADDRESS;
  const namespace = configuration.temporal.namespace ?? profile.namespace ?? DEFAULT_NAMESPACE;
  return { address, namespace, connectOptions: { ...profile.connectionOptions, address } };
}

function loadProfile(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (cause) {
    const reason = `the Temporal profile cannot be used: ${(cause as Error).message}`;
    throw codedError('CAEP_CONFIGURATION_INVALID', { reason }, { cause });
  }
}

function connectError(target: TemporalTarget, cause: unknown): Error {
  const { address, namespace } = target;
  const status = grpcStatusOf(cause);
  if (status === GRPC_STATUS.notFound) {
    return codedError('CAEP_TEMPORAL_NAMESPACE_UNKNOWN', { address, namespace }, { cause });
  }
  if (status === GRPC_STATUS.permissionDenied || status === GRPC_STATUS.unauthenticated) {
    return codedError('CAEP_TEMPORAL_REFUSED', { address, reason: (cause as Error).message }, { cause });
  }
  return codedError('CAEP_TEMPORAL_UNREACHABLE', { address }, { cause });
}
