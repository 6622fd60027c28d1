/** On which Temporal a run takes place: `--on dev-server`, `--on cluster`, or `--on HOST:PORT` of one that runs already. */
import { randomUUID } from 'node:crypto';
import { ensureNamespace } from '../../cluster/temporal/health.js';
import { NEWEST_SERVER, SERVER_VERSIONS, type ServerVersion } from '../../cluster/temporal/programs.js';
import { ROLES } from '../../cluster/temporal/roles.js';
import { temporalCluster } from '../../cluster/temporal/services.js';
import { parseAddress } from '../../src/configuration/address.js';
import type { StackContext } from '../../src/dev/context.js';
import { temporalService } from '../../src/dev/services.js';
import type { Service } from '../../src/dev/supervisor.js';

export type On =
  | { readonly kind: 'dev-server' }
  | { readonly kind: 'cluster'; readonly server: ServerVersion }
  | { readonly kind: 'outside'; readonly address: string };

export const DEV_SERVER: On = { kind: 'dev-server' };
const TEMPORAL_ROLES = ['temporal-frontend', 'temporal-history', 'temporal-matching', 'temporal-worker'] as const;
export type TemporalVictim = 'temporal' | (typeof TEMPORAL_ROLES)[number];

export const ON_USAGE = `dev-server, cluster or cluster-${SERVER_VERSIONS.join(', cluster-')} (each role a process), or HOST:PORT of a server that runs`;

export function readOn(text: string): On {
  if (text === 'dev-server') return DEV_SERVER;
  if (text === 'cluster') return { kind: 'cluster', server: NEWEST_SERVER };
  const server = SERVER_VERSIONS.find((version) => text === `cluster-${version}`);
  if (server !== undefined) return { kind: 'cluster', server };
  const address = parseAddress(text);
  if (address === undefined || !text.includes(':')) throw new Error(`--on must be ${ON_USAGE}; got ${text}`);
  return { kind: 'outside', address };
}

/** As `--on` names it. */
export function nameOf(on: On): string {
  if (on.kind === 'outside') return on.address;
  return on.kind === 'cluster' ? `cluster-${on.server}` : on.kind;
}

/** Which of its processes are killed. One that runs already is nobody's to kill. */
export function temporalVictims({ kind }: On): readonly TemporalVictim[] {
  if (kind === 'outside') return [];
  return kind === 'cluster' ? TEMPORAL_ROLES : ['temporal'];
}

/**
 * Its processes, each under the name of its victim.
 *
 * @param databaseUrl read when a process starts: of the PostgreSQL of a cluster
 */
export function temporalServices(context: StackContext, on: On, databaseUrl: () => string): readonly Service[] {
  if (on.kind === 'dev-server') return [temporalService(context)];
  if (on.kind === 'outside') return [];
  const { roles } = temporalCluster(context, { databaseUrl, server: on.server });
  return ROLES.map((role) => roles[role]);
}

/** Of a server that runs already: a namespace that nobody else uses. */
export async function meetTemporal({ environment }: StackContext, on: On): Promise<void> {
  if (on.kind !== 'outside') return;
  const namespace = `chaos-${randomUUID()}`;
  await ensureNamespace(on.address, namespace);
  environment['TEMPORAL_ADDRESS'] = on.address;
  environment['TEMPORAL_NAMESPACE'] = namespace;
}
