/** Whether what PostgreSQL has committed is kept: by a crash of it, and by a failover. Pure; `store/connection/durability.ts` reads it. */
import type { CatalogueError } from './errors.js';

/** Undefined: the role may not see it. */
export interface DurabilityFacts {
  readonly fsync?: string;
  readonly fullPageWrites?: string;
  /** As it is for connections of ours. */
  readonly synchronousCommit?: string;
  /** Which standbys commits wait for; empty: none. */
  readonly synchronousStandbys?: string;
  /** Of each standby that is connected: `sync`, `quorum`, `potential` or `async`. */
  readonly standbys: readonly (string | undefined)[];
}

/**
 * `none`: no standby is connected, so none can take over. `keeps`: commits wait for every standby. `may-lose`: one that
 * commits do not wait for may take over, without the last of them. `unknown`: the role may not see which.
 */
type Failover = 'none' | 'keeps' | 'may-lose' | 'unknown';

export interface Durability {
  readonly facts: DurabilityFacts;
  readonly failover: Failover;
}

export function durabilityOf(facts: DurabilityFacts): Durability {
  return { facts, failover: failoverOf(facts) };
}

function failoverOf({ standbys, synchronousStandbys }: DurabilityFacts): Failover {
  if (standbys.length === 0) return 'none';
  if (synchronousStandbys === '') return 'may-lose';
  if (standbys.some((state) => state === 'async' || state === 'potential')) return 'may-lose';
  return standbys.includes(undefined) || synchronousStandbys === undefined ? 'unknown' : 'keeps';
}

/** Once a commit is answered, nothing but the loss of all disks takes it back. */
export function areCommitsFinal({ facts, failover }: Durability): boolean {
  return flawsOf(facts).length === 0 && (failover === 'none' || failover === 'keeps');
}

/** What must be mended: commits do not outlive a crash of the server. */
export function flawsOf(facts: DurabilityFacts): CatalogueError[] {
  const flaw = (setting: string, value: string, expected: string): CatalogueError => ({
    code: 'CAEP_DATABASE_NOT_DURABLE',
    fields: { setting, value, expected },
  });
  const { fsync, fullPageWrites, synchronousCommit } = facts;
  return [
    ...(fsync === 'off' ? [flaw('fsync', fsync, 'on')] : []),
    ...(fullPageWrites === 'off' ? [flaw('full_page_writes', fullPageWrites, 'on')] : []),
    ...(synchronousCommit !== undefined && !STRICT.has(synchronousCommit)
      ? [flaw('synchronous_commit', synchronousCommit, 'on')]
      : []),
  ];
}

const STRICT: ReadonlySet<string> = new Set(['on', 'remote_apply']);

export function describeDurability({ facts, failover }: Durability): string {
  const shown = (name: string, value: string | undefined) => `${name} ${value ?? 'unknown'}`;
  const settings = [
    shown('fsync', facts.fsync),
    shown('full_page_writes', facts.fullPageWrites),
    shown('synchronous_commit', facts.synchronousCommit),
  ];
  return `${settings.join(', ')}; ${FAILOVERS[failover]}`;
}

const FAILOVERS: Readonly<Record<Failover, string>> = {
  none: 'no standby is connected',
  keeps: 'every standby is synchronous: a failover keeps what is committed',
  'may-lose':
    'a standby is asynchronous: a failover to it may lose the last commits; name all standbys in synchronous_standby_names',
  unknown: 'whether a failover may lose the last commits is unknown: this needs `grant pg_monitor` for the role',
};
