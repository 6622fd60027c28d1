/** Opens what the audit reads: one snapshot of our database, and the lake where it can be read. */
import { Context } from '@temporalio/activity';
import type { Adobe } from '../../adobe/clients.js';
import { audit } from '../../audit/audit.js';
import { journalledIds, readJournalState } from '../../audit/journal.js';
import type { Connection } from '../../audit/log.js';
import type { AuditReport } from '../../domain/audit.js';
import { codedError, sentenceOf } from '../../domain/errors.js';
import type { Ask } from '../../domain/plan.js';
import { type Database, inTransaction, withoutTimeLimits } from '../../store/database.js';
import { toCatalogueError } from '../failures.js';
import { type OpenedLake, openAuditLake } from './auditLake.js';

export interface AuditDeps {
  readonly database: Database;
  readonly adobe: Adobe;
  readonly queryServiceUrl?: string;
}

interface SourceRow {
  readonly id: number;
  readonly uid: string;
  readonly sandbox: string | null;
  readonly created_at: Date;
  readonly lake_latency_ms: number | null;
  readonly flow_id: string | null;
}

/** Documented: up to 60 min; advised to wait for longer. */
const LAKE_LATENCY_MS = 3 * 3_600_000;
const HEARTBEAT_EVERY_MS = 5_000;
const SNAPSHOT = 'isolation level repeatable read read only';
const NOT_READ = 'the lake was not read, so nothing is confirmed';
const NO_JOURNAL =
  'what receivers answered is not read apart from the log: an event that was answered and never reached the log would not be seen';

export async function auditReport(deps: AuditDeps, { name, since, until }: Ask<'audit'>): Promise<AuditReport> {
  const { database, adobe } = deps;
  const source = await readSource(database, name);
  const now = new Date();
  const notKnown: string[] = [];
  let opened: OpenedLake | undefined;
  let compared = 0;
  const heartbeat = setInterval(() => Context.current().heartbeat({ compared }), HEARTBEAT_EVERY_MS);
  try {
    const flow = { uid: source.uid, flowId: source.flow_id, queryServiceUrl: deps.queryServiceUrl };
    try {
      opened = await openAuditLake(adobe.forSandbox(source.sandbox ?? 'prod'), flow, (text) => notKnown.push(text));
      if (opened.state === 'unreadable') notKnown.push(`${NOT_READ}: ${opened.why}`);
    } catch (failure) {
      const error = toCatalogueError(failure, { name, sandbox: source.sandbox ?? 'prod' });
      notKnown.push(`${NOT_READ}: ${sentenceOf(error)}`);
    }
    const lake = opened?.state === 'open' ? opened.lake : undefined;
    const audited = {
      sourceId: source.id,
      name,
      since: since === undefined ? source.created_at : new Date(since),
      until: until === undefined ? now : new Date(until),
      lakeLatencyMs: source.lake_latency_ms ?? LAKE_LATENCY_MS,
    };
    const compare = async (snapshot: Connection): Promise<AuditReport> => {
      const journals = await readJournalState(snapshot, audited, now);
      notKnown.push(...(journals.isThere ? [] : [NO_JOURNAL]), ...journals.notKnown);
      return audit(audited, {
        snapshot,
        present: database.pool,
        journal: journals.isThere ? journalledIds(snapshot, audited) : undefined,
        spooled: journals.spooled,
        lake,
        notKnown,
        now,
        progress: (done) => (compared = done),
      });
    };
    // Sorting a long window takes a while, and so does a page of the lake.
    return await withoutTimeLimits(database, (patient) => inTransaction(patient, compare, SNAPSHOT));
  } finally {
    clearInterval(heartbeat);
    if (opened?.state === 'open') await opened.close().catch(() => undefined);
  }
}

async function readSource({ pool }: Database, name: string): Promise<SourceRow> {
  const { rows } = await pool.query<SourceRow>(
    `select s.id, uid, sandbox, created_at, (delivery ->> 'lakeLatencyMs')::float8 as lake_latency_ms, flow_id
     from source s left join gate g on g.source_id = s.id where name = $1
     order by retired_at desc nulls first limit 1`,
    [name],
  );
  if (rows[0] === undefined) throw codedError('CAEP_SOURCE_UNKNOWN', { name });
  return rows[0];
}
