/** The roles of a Temporal server, each of which is a process of its own in a cluster. */
import { freePort } from '../../src/process/ports.js';

export const ROLES = ['frontend', 'history', 'matching', 'worker'] as const;
export type Role = (typeof ROLES)[number];

/** On loopback. */
interface RolePorts {
  readonly grpc: number;
  /** Over which the roles find each other. */
  readonly membership: number;
}

export type ClusterPorts = Readonly<Record<Role, RolePorts>>;

/** Its name as a process, and of its log: the product has a worker as well. */
export function processOf(role: Role): string {
  return `temporal-${role}`;
}

/** @param frontend where clients find the cluster; the others are free ones */
export async function clusterPorts(frontend: number): Promise<ClusterPorts> {
  const ports = async (grpc?: number): Promise<RolePorts> => ({
    grpc: grpc ?? (await freePort()),
    membership: await freePort(),
  });
  return { frontend: await ports(frontend), history: await ports(), matching: await ports(), worker: await ports() };
}
