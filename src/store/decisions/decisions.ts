/**
 * People's decisions about held events: recorded for ever, and carried out in the same transaction.
 *
 * A decision applies to an event only while it is held, so the second of two gets "already decided". A request that is
 * carried out again after its answer was lost finds by its own id what it has done.
 */
import type { PoolClient } from 'pg';
import { type CatalogueError, codedError } from '../../domain/errors.js';
import {
  type Decision,
  EXCEPTION_FACTS,
  EXCEPTION_REASONS,
  type ExceptionReason,
} from '../../domain/exceptions/exceptions.js';
import { isDecisionAllowed } from '../../domain/exceptions/exceptions.js';
import {
  DEFAULT_DECIDE_LIMIT,
  type DecideInput,
  type DecideResult,
  MAX_DECIDE_IDS,
} from '../../domain/exceptions/heldEvents.js';
import { type Database, inTransaction } from '../connection/database.js';
import { conditionsOf } from '../exceptions/filter.js';
import { wakePartitions } from '../connection/wakePartitions.js';
import { movingSql } from '../exceptions/writing.js';
import { type Chosen, type Replace, replaceEvent } from './replacement.js';

export interface DecisionRequest {
  readonly sourceId: number;
  /** The source's name, for messages. */
  readonly name: string;
  /** The same when the request is made again. */
  readonly requestId: string;
  readonly input: DecideInput;
}

/** Events of one transaction. Of those that are appended to the log fewer, as its partition is locked meanwhile. */
const PAGE = 500;
const REPLACING_PAGE = 20;
/** Of events that were not decided; the rest is only counted by `remaining`. */
const LISTED_LEFT = 20;

type Left = DecideResult['left'][number];

/**
 * @param replace makes the event that takes the place of one that is read anew or delivered as new
 * @throws CodedError `CAEP_DECISION_UNFIT` when the decision fits nothing that the filter selects; of one id:
 *   `CAEP_EVENT_UNKNOWN`, `CAEP_EVENT_DECIDED`, `CAEP_DECISION_UNFIT`, `CAEP_DECISION_FAILED`
 */
export async function decideHeld(
  database: Database,
  request: DecisionRequest,
  replace: Replace,
): Promise<DecideResult> {
  const { input } = request;
  requireFit(request);
  const ids = input.dryRun === true ? [] : await decidedBefore(database, request);
  const left: Left[] = [];
  const limit = input.ids?.length ?? input.limit ?? DEFAULT_DECIDE_LIMIT;
  const pageSize = isReplacing(input.decision) ? REPLACING_PAGE : PAGE;
  let afterId = 0;
  while (ids.length < limit) {
    const page = await inTransaction(database, (client) =>
      decidePage(client, request, { afterId, limit: Math.min(pageSize, limit - ids.length) }, replace),
    );
    ids.push(...page.decided);
    left.push(...page.left);
    if (page.lastId === undefined) break;
    afterId = page.lastId;
  }
  left.push(...missingOf(request, [...ids, ...left.map(({ id }) => id)]));
  const only = input.ids?.length === 1 ? left[0] : undefined;
  if (only !== undefined) throw codedError(only.error.code, only.error.fields);
  return {
    v: 1,
    decision: input.decision,
    dryRun: input.dryRun === true,
    decided: ids.length,
    ids: ids.slice(0, MAX_DECIDE_IDS),
    left: left.slice(0, LISTED_LEFT),
    remaining: await countRemaining(database, request),
  };
}

function requireFit({ name, input }: DecisionRequest): void {
  const { reason, decision } = input;
  if (reason === undefined || isDecisionAllowed(reason, decision)) return;
  throw codedError('CAEP_DECISION_UNFIT', unfitFields(reason, decision, { name, id: 'ID' }));
}

function unfitFields(reason: ExceptionReason, decision: Decision, whose: { name: string; id: string }) {
  const { decisions } = EXCEPTION_FACTS[reason];
  return { ...whose, reason, decision, possible: decisions.length === 0 ? 'none yet' : decisions.join(', ') };
}

function isReplacing(decision: Decision): boolean {
  return decision === 'reparse' || decision === 'deliver-as-new';
}

/** What this request has decided before its answer was lost. */
async function decidedBefore(database: Database, { requestId }: DecisionRequest): Promise<number[]> {
  const { rows } = await database.pool.query<{ id: number }>(
    'select exception_id as id from decision where request_id = $1 order by exception_id',
    [requestId],
  );
  return rows.map(({ id }) => id);
}

interface DecidedPage {
  readonly decided: readonly number[];
  readonly left: readonly Left[];
  /** Undefined: there are no more. */
  readonly lastId?: number;
}

async function decidePage(
  client: PoolClient,
  request: DecisionRequest,
  page: { readonly afterId: number; readonly limit: number },
  replace: Replace,
): Promise<DecidedPage> {
  const chosen = await choose(client, request, page);
  const left: Left[] = [];
  const fit: Chosen[] = [];
  for (const event of chosen) {
    const error = obstacle(event, request);
    if (error === undefined) fit.push(event);
    else left.push({ id: event.id, error });
  }
  const lastId = chosen.at(-1)?.id;
  const { decision, dryRun } = request.input;
  if (fit.length === 0 || dryRun === true) return { decided: fit.map(({ id }) => id), left, lastId };
  if (!isReplacing(decision)) {
    await carryOut(client, request, fit);
    return { decided: fit.map(({ id }) => id), left, lastId };
  }
  const decided: number[] = [];
  for (const event of fit) {
    if (event.sealed === null) {
      await carryOut(client, request, [event], { fact: 'its body is read from the log again', resolution: null });
      decided.push(event.id);
      continue;
    }
    const outcome = await replaceEvent(client, request.sourceId, event, replace);
    if ('fault' in outcome) {
      const fields = { name: request.name, id: String(event.id), decision, reason: outcome.fault };
      left.push({ id: event.id, error: { code: 'CAEP_DECISION_FAILED', fields } });
      continue;
    }
    await carryOut(client, request, [event], outcome);
    decided.push(event.id);
  }
  return { decided, left, lastId };
}

/** Locked, so that a decision at the same time waits and then finds the event decided. */
async function choose(
  client: PoolClient,
  { sourceId, requestId, input }: DecisionRequest,
  { afterId, limit }: { readonly afterId: number; readonly limit: number },
): Promise<Chosen[]> {
  const fitting = EXCEPTION_REASONS.filter((reason) => isDecisionAllowed(reason, input.decision));
  const { rows } = await client.query<Chosen>(
    `select id, version, partition, kind, event_id as "eventId", reason, state, created_at as "createdAt",
       case when $7 then sealed end as sealed, evidence,
       body_erased_at is not null or (body_mac is not null and e.sealed is null) as "isErased"
     from exception e
     where ${conditionsOf('e')} and id > $5
       and (id = any ($6) or ($6::bigint[] is null and state = 'held' and reason = any ($8)))
       and not exists (select from decision d where d.request_id = $9 and d.exception_id = e.id)
     order by id limit $10 for update`,
    [
      sourceId,
      input.reason ?? null,
      input.kind ?? null,
      input.before ?? null,
      afterId,
      input.ids ?? null,
      isReplacing(input.decision),
      fitting,
      requestId,
      limit,
    ],
  );
  return rows;
}

function obstacle(event: Chosen, { name, input }: DecisionRequest): CatalogueError | undefined {
  const whose = { name, id: String(event.id) };
  if (event.state !== 'held' || (input.version ?? event.version) !== event.version) {
    const state = event.isErased ? `${event.state}, and its body was erased` : event.state;
    return { code: 'CAEP_EVENT_DECIDED', fields: { ...whose, state } };
  }
  if (isDecisionAllowed(event.reason, input.decision)) return undefined;
  return { code: 'CAEP_DECISION_UNFIT', fields: unfitFields(event.reason, input.decision, whose) };
}

/** Null: to be sent again. */
const RESOLUTIONS: Readonly<Record<Decision, 'abandoned' | 'delivered' | 'replaced' | null>> = {
  resend: null,
  abandon: 'abandoned',
  'mark-delivered': 'delivered',
  reparse: 'replaced',
  'deliver-as-new': 'replaced',
  acknowledge: 'delivered',
};

const DECIDED = { decision: '$2', decidedBy: '$3', decisionReason: '$4' };
const CHOSEN = {
  fact: '$5',
  where: 'e.id = any ($1)',
  returning: 'e.id, e.source_id, e.event_id, e.reason',
};
const SENT_AGAIN = movingSql('decided-resend', { ...CHOSEN, given: DECIDED });
const CLOSED = movingSql('decided', { ...CHOSEN, given: { ...DECIDED, resolution: '$7' } });

async function carryOut(
  client: PoolClient,
  { sourceId, requestId, input }: DecisionRequest,
  events: readonly Chosen[],
  { fact, resolution = RESOLUTIONS[input.decision] }: { fact?: string; resolution?: string | null } = {},
): Promise<void> {
  await client.query(
    `with decided as (
       ${resolution === null ? SENT_AGAIN : CLOSED}
     )
     insert into decision (source_id, exception_id, event_id, reason, decision, decided_by, why, request_id)
     select source_id, id, event_id, reason, $2, $3, $4, $6 from decided`,
    [
      events.map(({ id }) => id),
      input.decision,
      input.by,
      input.why,
      `${input.by} decided: ${input.decision}${fact === undefined ? '' : `; ${fact}`}`,
      requestId,
      ...(resolution === null ? [] : [resolution]),
    ],
  );
  if (resolution !== null) return;
  const partitions = [...new Set(events.map(({ partition }) => partition))].sort((a, b) => a - b);
  await wakePartitions(client, sourceId, partitions);
}

/** Numbers that were asked for and that the source does not have. */
function missingOf({ name, input }: DecisionRequest, found: readonly number[]): Left[] {
  const known = new Set(found);
  return (input.ids ?? [])
    .filter((id) => !known.has(id))
    .map((id) => ({ id, error: { code: 'CAEP_EVENT_UNKNOWN', fields: { name, id: String(id) } } }));
}

async function countRemaining(database: Database, { sourceId, input }: DecisionRequest): Promise<number> {
  if (input.ids !== undefined) return 0;
  const { rows } = await database.pool.query<{ count: number }>(
    `select count(*) as count from exception e where ${conditionsOf('e')} and state = 'held'`,
    [sourceId, input.reason ?? null, input.kind ?? null, input.before ?? null],
  );
  return rows[0]?.count ?? 0;
}
