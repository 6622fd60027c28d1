/** When a role serves: asked of itself, as whoever operates a cluster asks it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { GRPC_STATUS, grpcStatusOf } from '../../src/temporal/grpcStatus.js';
import type { ClusterPorts, Role } from './roles.js';

const PROBE_DEADLINE_MS = 2_000;
const RETENTION = '3 days';
/** grpc.health.v1 */
const SERVING = 1;
const NAMES: Readonly<Record<Exclude<Role, 'worker'>, string>> = {
  frontend: 'temporal.api.workflowservice.v1.WorkflowService',
  history: 'temporal.api.workflowservice.v1.HistoryService',
  matching: 'temporal.api.workflowservice.v1.MatchingService',
};

/** The worker role has no service: it is there once it has joined the others. */
export function createProbe(role: Role, ports: ClusterPorts): { serves(): Promise<boolean>; close(): Promise<void> } {
  const { grpc, membership } = ports[role];
  if (role === 'worker') return { serves: () => accepts(membership), close: () => Promise.resolve() };
  const connection = Connection.lazy({ address: `127.0.0.1:${grpc}` });
  const service = NAMES[role];
  return {
    serves: () => within(connection, () => connection.healthService.check({ service })).then(isServing, () => false),
    close: () => connection.close(),
  };
}

const isServing = ({ status }: { readonly status?: number | null }): boolean => status === SERVING;

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Made where it is missing. What a workflow needs beside it is made by the product. */
export async function ensureNamespace(address: string, namespace: string): Promise<void> {
  const connection = Connection.lazy({ address });
  try {
    await within(connection, () =>
      connection.workflowService.registerNamespace({
        namespace,
        workflowExecutionRetentionPeriod: msToTs(RETENTION),
      }),
    ).catch((error: unknown) => {
      if (grpcStatusOf(error) !== GRPC_STATUS.alreadyExists) throw error;
    });
    await within(connection, () => connection.workflowService.describeNamespace({ namespace }));
  } finally {
    await connection.close();
  }
}

function within<T>(connection: Connection, call: () => Promise<T>): Promise<T> {
  return connection.withDeadline(Date.now() + PROBE_DEADLINE_MS, call);
}
