/** Exceptions as people look at them: in pages, or one with all that is known of it. */
import { WIDGET_FACT } from '../../domain/events/arrivalFacts.js';
import { EXCEPTION_FACTS, type Decision, type ExceptionReason } from '../../domain/exceptions/exceptions.js';
import type {
  AttemptVersions,
  ExceptionDetails,
  ExceptionFilter,
  ExceptionPage,
  ExceptionState,
  ExceptionSummary,
  RecordedDecision,
} from '../../domain/exceptions/heldEvents.js';
import { kindOfCode } from '../../domain/events/kinds.js';
import type { Database } from '../connection/database.js';
import { versionsOf } from '../exceptions/destinations.js';
import { conditionsOf } from '../exceptions/filter.js';
import { bodyOf } from '../bodies/bodies.js';

/** The widget stands among the facts for the program, not as what happened last. */
const LAST_FACT = `(select fact ->> 'fact' from jsonb_array_elements(evidence) with ordinality as t (fact, n)
  where not starts_with(fact ->> 'fact', '${WIDGET_FACT}') order by n desc limit 1)`;

const SUMMARY = `id, version, kind, encode(event_id, 'hex') as event_id, reason, state, attempts, arrivals, created_at,
  next_at, resolution, ${LAST_FACT} as last_fact`;

interface SummaryRow {
  readonly id: number;
  readonly version: number;
  readonly kind: number;
  readonly event_id: string;
  readonly reason: ExceptionReason;
  readonly state: ExceptionState;
  readonly attempts: number;
  readonly arrivals: number;
  readonly created_at: Date;
  readonly next_at: Date | null;
  readonly resolution: string | null;
  readonly last_fact: string | null;
}

function summaryOf(row: SummaryRow): ExceptionSummary {
  return {
    id: row.id,
    version: row.version,
    kind: kindOfCode(row.kind),
    eventId: row.event_id,
    reason: row.reason,
    state: row.state,
    attempts: row.attempts,
    arrivals: row.arrivals,
    since: row.created_at.toISOString(),
    nextAt: row.next_at?.toISOString(),
    resolution: row.resolution ?? undefined,
    lastFact: row.last_fact ?? undefined,
  };
}

export interface PageRequest {
  readonly filter: ExceptionFilter;
  readonly states: readonly ExceptionState[];
  readonly afterId?: number;
  readonly limit: number;
}

/** Oldest first. */
export async function pageOfExceptions(
  database: Database,
  sourceId: number,
  { filter, states, afterId = 0, limit }: PageRequest,
): Promise<ExceptionPage> {
  const selection = [sourceId, filter.reason ?? null, filter.kind ?? null, filter.before ?? null, states];
  const [page, counted] = await Promise.all([
    database.pool.query<SummaryRow>(
      `select ${SUMMARY} from exception e where ${conditionsOf('e')} and state = any ($5) and id > $6 order by id limit $7`,
      [...selection, afterId, limit],
    ),
    database.pool.query<{ count: number }>(
      `select count(*) as count from exception e where ${conditionsOf('e')} and state = any ($5)`,
      selection,
    ),
  ]);
  const exceptions = page.rows.map(summaryOf);
  const total = counted.rows[0]?.count ?? 0;
  return { v: 1, exceptions, total, next: exceptions.length < limit ? undefined : exceptions.at(-1)?.id };
}

/** Of very many bodies that came in conflict with an event. */
const LISTED_OF_EVENT = 20;

/** Newest first, the first of them. */
export async function exceptionsOfEvent(
  { pool }: Database,
  sourceId: number,
  eventId: string,
): Promise<ExceptionSummary[]> {
  const { rows } = await pool.query<SummaryRow>(
    `select ${SUMMARY} from exception where source_id = $1 and event_id = $2 order by id desc limit ${LISTED_OF_EVENT}`,
    [sourceId, Buffer.from(eventId, 'hex')],
  );
  return rows.map(summaryOf);
}

/** Of very many facts (a sender that repeats a conflict for years), the newest. */
const LISTED_FACTS = 100;

/** A note that an event is in the lake twice tells how often it was sent; where its attempts went, the exception that they were made of. */
const ATTEMPT_EPOCHS = `case when e.reason <> 'repeated' then e.attempt_epochs else (
  select attempt_epochs from exception x where x.source_id = e.source_id and x.event_id = e.event_id
    and x.reason not in ('conflict', 'repeated') order by x.id desc limit 1
) end`;

/** @returns undefined when the source has no such exception; `sealed` is the body as it is stored */
export async function findException(
  database: Database,
  sourceId: number,
  id: number,
): Promise<{ readonly details: ExceptionDetails; readonly sealed?: Buffer } | undefined> {
  const { rows } = await database.pool.query<SummaryRow & DetailColumns>(
    `select e.id, version, e.kind, encode(e.event_id, 'hex') as event_id, reason, state, attempts, e.arrivals, created_at,
       next_at, resolution, ${LAST_FACT} as last_fact, evidence, coalesce(e.sealed, ${bodyOf('b')}) as sealed,
       ${versionsOf({ sourceId: 'e.source_id', epochs: ATTEMPT_EPOCHS })} as versions
     from exception e
       left join event_id i on e.reason = 'repeated' and i.source_id = e.source_id and i.event_id = e.event_id
       left join event_body b on b.source_id = e.source_id and b.partition = e.partition
         and b.seq = coalesce(e.seq, i.seq) and b.logged_at = coalesce(e.logged_at, i.logged_at)
     where e.source_id = $1 and e.id = $2`,
    [sourceId, id],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const details: ExceptionDetails = {
    v: 1,
    exception: summaryOf(row),
    allowed: row.state === 'held' ? EXCEPTION_FACTS[row.reason].decisions : [],
    evidence: row.evidence.slice(-LISTED_FACTS),
    decisions: await decisionsOn(database, sourceId, id),
    bodyBytes: row.sealed?.length,
    ...(row.versions === null ? {} : { versions: row.versions }),
  };
  return { details, sealed: row.sealed ?? undefined };
}

interface DetailColumns {
  readonly evidence: ExceptionDetails['evidence'];
  readonly versions: AttemptVersions | null;
  readonly sealed: Buffer | null;
}

async function decisionsOn(database: Database, sourceId: number, id: number): Promise<RecordedDecision[]> {
  const { rows } = await database.pool.query<DecisionRow>(
    `select decision, decided_by, why, decided_at, reason from decision
     where source_id = $1 and exception_id = $2 order by id desc limit ${LISTED_FACTS}`,
    [sourceId, id],
  );
  return rows.reverse().map((row) => ({
    decision: row.decision,
    by: row.decided_by,
    why: row.why,
    at: row.decided_at.toISOString(),
    reason: row.reason,
  }));
}

interface DecisionRow {
  readonly decision: Decision;
  readonly decided_by: string;
  readonly why: string;
  readonly decided_at: Date;
  readonly reason: ExceptionReason;
}
