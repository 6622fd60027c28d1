/** Opens what the audit reads: one snapshot of our database, and the lake where it can be read. */
import type { Adobe } from '../../adobe/clients.js';
import { audit } from '../../audit/audit.js';
import { journalledIds, readJournalState } from '../../audit/journal.js';
import type { Connection } from '../../audit/log.js';
import { readEarlierFlows, readSource } from '../../audit/source.js';
import type { AuditReport } from '../../domain/audit.js';
import { sentenceOf } from '../../domain/errors.js';
import type { Ask } from '../../domain/inquiries.js';
import { type Database, inTransaction, withoutTimeLimits } from '../../store/connection/database.js';
import { toCatalogueError } from '../failures.js';
import { withHeartbeats } from '../heartbeats.js';
import { type OpenedLake, openAuditLake } from './auditLake.js';

export interface AuditDeps {
  readonly database: Database;
  readonly adobe: Adobe;
  readonly queryServiceUrl?: string;
}

/** Documented: up to 60 min; advised to wait for longer. */
const LAKE_LATENCY_MS = 3 * 3_600_000;
const HEARTBEAT_EVERY_MS = 5_000;
const SNAPSHOT = 'isolation level repeatable read read only';
const NOT_READ = 'the lake was not read, so nothing is confirmed';
const NO_JOURNAL =
  'the journals of the receivers were not read: an event that was answered but never reached the event log would not be noticed';

export function auditReport(deps: AuditDeps, ask: Ask<'audit'>): Promise<AuditReport> {
  let compared = 0;
  return withHeartbeats(
    HEARTBEAT_EVERY_MS,
    () => compareAll(deps, ask, (done) => (compared = done)),
    () => ({ compared }),
  );
}

async function compareAll(
  deps: AuditDeps,
  { name, since, until, page }: Ask<'audit'>,
  progress: (compared: number) => void,
): Promise<AuditReport> {
  const { database, adobe } = deps;
  const source = await readSource(database.pool, name);
  const now = new Date();
  const notKnown: string[] = [];
  let opened: OpenedLake | undefined;
  try {
    const earlier = await readEarlierFlows(database.pool, source);
    const flow = {
      uid: source.uid,
      flowId: source.flow_id,
      datasetId: source.dataset_id,
      earlier,
      queryServiceUrl: deps.queryServiceUrl,
    };
    try {
      if (source.unproven !== 'all')
        opened = await openAuditLake(adobe.forSandbox(source.sandbox ?? 'prod'), flow, (text) => notKnown.push(text));
      if (opened?.state === 'unreadable') notKnown.push(`${NOT_READ}: ${opened.why}`);
    } catch (failure) {
      const error = toCatalogueError(failure, { name, sandbox: source.sandbox ?? 'prod' });
      notKnown.push(`${NOT_READ}: ${sentenceOf(error)}`);
    }
    const lake = opened?.state === 'open' ? opened : undefined;
    const audited = {
      sourceId: source.id,
      name,
      since: since === undefined ? source.created_at : new Date(since),
      until: until === undefined ? now : new Date(until),
      lakeLatencyMs: source.lake_latency_ms ?? LAKE_LATENCY_MS,
      unproven: source.unproven ?? undefined,
      page,
    };
    const compare = async (snapshot: Connection): Promise<AuditReport> => {
      const journals = await readJournalState(snapshot, audited, now);
      notKnown.push(...(journals.isThere ? [] : [NO_JOURNAL]), ...journals.notKnown);
      return audit(audited, {
        snapshot,
        present: database.pool,
        journal: journals.isThere ? journalledIds(snapshot, audited) : undefined,
        spooled: journals.spooled,
        lakes: lake?.lakes,
        unreadFlows: lake?.unreadFlows,
        notKnown,
        now,
        progress,
      });
    };
    // Sorting a long window takes a while, and so does a page of the lake.
    return await withoutTimeLimits(database, (patient) => inTransaction(patient, compare, SNAPSHOT));
  } finally {
    if (opened?.state === 'open') await opened.close().catch(() => undefined);
  }
}
