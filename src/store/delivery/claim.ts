/** A partition's fence and lease: taken by a drain when it starts, given back when it ends. */
import type { PoolClient } from 'pg';
import { countUndecided, type CursorWindow, record, restoreWindow, sequencesIn } from '../../domain/delivery/cursor.js';
import { type Database, inTransaction } from '../connection/database.js';
import { loggedEvent, openingSql } from '../exceptions/writing.js';

export interface PartitionId {
  readonly sourceId: number;
  readonly partition: number;
}

/** A point in time of the log: as pg reads it, a number only for `-infinity`, or as PostgreSQL writes it. */
export type LoggedAt = Date | number | string;

export interface CursorRow {
  readonly fence: number;
  /** Absent until a drain of this release has taken the partition. */
  readonly claimId?: string;
  /** When the server was started: another one may know less. */
  readonly serverSince: string;
  readonly flushNumber: number;
  readonly resendClaims: number;
  readonly window: CursorWindow;
  /** No event after the cursor was logged before this. */
  readonly cursorLoggedAt: LoggedAt;
  /** Never more than the lease's own length. */
  readonly leaseLeftMs: number;
  readonly isLeaseAhead: boolean;
  readonly handoverAsked: boolean;
  /** The server was just started: until when nobody takes the partition. */
  readonly serverWaitMs: number;
}

/** Some looks of a worker's watch (`activities/drain/positions.ts`). */
export const WAIT_AFTER_SERVER_START_MS = 5_000;

export interface ClaimRequest extends PartitionId {
  /** Names the drain, for people who look at the table. */
  readonly holder: string;
  readonly leaseMs: number;
  /** Where the partition was, as others than the database remember it. */
  readonly known?: KnownPosition;
}

/** Of a drain: what the database must not be behind of. */
export interface KnownPosition {
  readonly fence: number;
  /** What it may have sent: everything up to this number. Absent: nobody knows, whatever the log holds. */
  readonly intended?: number;
  /** How many resends its partition had ever claimed. Absent: as `intended`. */
  readonly resendClaims?: number;
}

export type ClaimAnswer =
  | { readonly state: 'claimed'; readonly claim: Claim }
  /** Another drain holds it and has now been asked to finish. */
  | { readonly state: 'busy'; readonly leaseLeftMs: number }
  /** The database is behind of what is known: nothing was taken. */
  | { readonly state: 'set-back' };

export interface Claim {
  readonly fence: number;
  readonly claimId: string;
  /** The gate's, under which the drain intends and sends; under another one it is granted nothing. */
  readonly gateEpoch?: number;
  readonly serverSince: string;
  readonly window: CursorWindow;
  readonly resendClaims: number;
  readonly cursorLoggedAt: LoggedAt;
  /** Left undecided by the drain before, now `unknown` exceptions. */
  readonly leftovers: number;
}

/**
 * Takes the fence, unless another drain's lease still holds: then that drain is asked to hand over. What the drain before
 * has left undecided becomes `unknown` exceptions in the same transaction; what it has withdrawn stays to be sent.
 */
export async function claimPartition(database: Database, request: ClaimRequest): Promise<ClaimAnswer> {
  return inTransaction(database, async (client): Promise<ClaimAnswer> => {
    await client.query(
      'insert into partition_cursor (source_id, partition) values ($1, $2) on conflict (source_id, partition) do nothing',
      [request.sourceId, request.partition],
    );
    const row = await lockCursor(client, request);
    // Workers that have sent compare first what they remember: this server may know less, and the forwarder nothing of it, or only
    // what a heartbeat told it a while before the end.
    if (row.serverWaitMs > 0) return { state: 'busy', leaseLeftMs: row.serverWaitMs };
    if (isBehind(row, request.known)) return { state: 'set-back' };
    if (row.leaseLeftMs > 0) {
      await client.query(
        'update partition_cursor set handover_asked = true where source_id = $1 and partition = $2 and not handover_asked',
        [request.sourceId, request.partition],
      );
      return { state: 'busy', leaseLeftMs: row.leaseLeftMs };
    }
    const leftovers = countUndecided(row.window);
    const window = leftovers === 0 ? row.window : await makeLeftoversUnknown(client, request, row);
    const { rows } = await client.query<{ fence: number; claim_id: string; claim_epoch: number | null }>(
      `update partition_cursor set fence = fence + 1, claim_id = gen_random_uuid(), flush_number = 0, holder = $3,
              handover_asked = false, lease_ms = $4::int, lease_until = clock_timestamp() + $4 * interval '1 millisecond',
              claim_epoch = (select epoch from gate where source_id = $1)
       where source_id = $1 and partition = $2 returning fence, claim_id, claim_epoch`,
      [request.sourceId, request.partition, request.holder, request.leaseMs],
    );
    if (rows[0] === undefined) throw noCursor();
    const { fence, claim_id: claimId, claim_epoch: epoch } = rows[0];
    const { cursorLoggedAt, serverSince, resendClaims } = row;
    return {
      state: 'claimed',
      claim: {
        fence,
        claimId,
        gateEpoch: epoch ?? undefined,
        serverSince,
        window,
        resendClaims,
        cursorLoggedAt,
        leftovers,
      },
    };
  });
}

/** Also under the fence that is known: the claim may have reached the standby, and the last flushes or claims of resends not. */
function isBehind({ fence, window, resendClaims }: CursorRow, known: KnownPosition | undefined): boolean {
  if (known === undefined || fence > known.fence) return false;
  if (fence < known.fence) return true;
  return window.intended < (known.intended ?? 0) || resendClaims < (known.resendClaims ?? 0);
}

/** Reads the row and keeps it locked, so that neither a flush nor another claim comes between. */
export async function lockCursor(client: PoolClient, id: PartitionId): Promise<CursorRow> {
  const row = parseCursor(
    await client.query<CursorColumns>(`${SELECT_CURSOR} for update`, [id.sourceId, id.partition]),
  );
  if (row === undefined) throw noCursor();
  if (row.isLeaseAhead) await shortenLease(client, id);
  return row;
}

/** It was given by a clock that was ahead: as if it were given now, so that its holder, if there is one, has its time. */
async function shortenLease(client: PoolClient, id: PartitionId): Promise<void> {
  await client.query(
    `update partition_cursor set lease_until = clock_timestamp() + lease_ms * interval '1 millisecond'
     where source_id = $1 and partition = $2`,
    [id.sourceId, id.partition],
  );
}

/** @returns undefined where no drain has ever been, as far as the database knows */
export async function readCursor(database: Database, id: PartitionId): Promise<CursorRow | undefined> {
  return parseCursor(await database.pool.query<CursorColumns>(SELECT_CURSOR, [id.sourceId, id.partition]));
}

const SELECT_CURSOR = `
  select fence, claim_id, pg_postmaster_start_time()::text as server_since, flush_number, resend_claims, cursor_seq, cursor_logged_at, intended_seq, decided, withdrawn, handover_asked,
    least(greatest(0, extract(epoch from lease_until - clock_timestamp()) * 1000), lease_ms)::float8 as lease_left_ms,
    greatest(0, ${WAIT_AFTER_SERVER_START_MS} - abs(extract(epoch from clock_timestamp() - pg_postmaster_start_time()) * 1000))::float8 as server_wait_ms,
    lease_ms is not null and lease_until > clock_timestamp() + lease_ms * interval '1 millisecond' as lease_ahead
  from partition_cursor where source_id = $1 and partition = $2`;

interface CursorColumns {
  readonly fence: number;
  readonly claim_id: string | null;
  readonly server_since: string;
  readonly flush_number: number;
  readonly resend_claims: number;
  readonly cursor_seq: number;
  readonly cursor_logged_at: LoggedAt;
  readonly intended_seq: number;
  readonly decided: Buffer;
  readonly withdrawn: Buffer;
  readonly handover_asked: boolean;
  readonly lease_left_ms: number | null;
  readonly lease_ahead: boolean | null;
  readonly server_wait_ms: number;
}

function parseCursor(result: { readonly rows: readonly CursorColumns[] }): CursorRow | undefined {
  const row = result.rows[0];
  if (row === undefined) return undefined;
  return {
    fence: row.fence,
    claimId: row.claim_id ?? undefined,
    serverSince: row.server_since,
    flushNumber: row.flush_number,
    resendClaims: row.resend_claims,
    window: restoreWindow({
      cursor: row.cursor_seq,
      intended: row.intended_seq,
      decided: row.decided,
      withdrawn: row.withdrawn,
    }),
    cursorLoggedAt: row.cursor_logged_at,
    leaseLeftMs: row.lease_left_ms ?? 0,
    isLeaseAhead: row.lease_ahead ?? false,
    handoverAsked: row.handover_asked,
    serverWaitMs: row.server_wait_ms,
  };
}

function noCursor(): Error {
  return new Error('the partition has no cursor row');
}

/**
 * Makes `unknown` exceptions of what a drain has left undecided after the end of its lease, and takes its fence: a drain that
 * lives on, and writes its own window over this one, would leave these events undecided beside their exceptions. An answer
 * that arrives later still counts: outcomes are facts.
 */
export async function makeLeftoversUnknown(client: PoolClient, id: PartitionId, row: CursorRow): Promise<CursorWindow> {
  const undecided = sequencesIn(row.window, 'undecided');
  const window = record(row.window, { decided: undecided, withdrawn: [] });
  await client.query(
    openingSql('undecided', {
      event: loggedEvent('b'),
      fact: `'the worker stopped before the outcome was recorded'`,
      attemptFence: '$4',
      attemptEpoch: 'c.intended_epoch',
      attemptAt: 'greatest(c.intended_at, c.lease_until)',
      from: `event_body b join partition_cursor c using (source_id, partition)
             where b.source_id = $1 and b.partition = $2 and b.seq = any ($3) and b.logged_at >= c.cursor_logged_at`,
    }),
    [id.sourceId, id.partition, undecided, row.fence],
  );
  await client.query(
    `update partition_cursor set fence = fence + 1, flush_number = 0, cursor_seq = $3, decided = $4, withdrawn = $5,
       undecided = 0
     where source_id = $1 and partition = $2`,
    [id.sourceId, id.partition, window.cursor, window.decided, window.withdrawn],
  );
  return window;
}

export interface Holding extends PartitionId {
  readonly fence: number;
  readonly claimId: string;
}

/** Gives the lease back, so that the next drain need not wait for its end. Does nothing for a fence that was lost. */
export async function releaseClaim(database: Database, holding: Holding): Promise<void> {
  await database.pool.query(RELEASE, [holding.sourceId, holding.partition, holding.fence, holding.claimId]);
}

const RELEASE = `update partition_cursor set holder = null, lease_until = clock_timestamp(), handover_asked = false
                 where source_id = $1 and partition = $2 and fence = $3 and claim_id = $4`;

export type IdleAnswer =
  | { readonly idle: true }
  /** The partition is not ours any more, or the database does not know that it was. */
  | { readonly idle: false; readonly lost: true }
  /** `absentThrough`: there are numbers up to this one, and no event has any of them. */
  | { readonly idle: false; readonly lost?: undefined; readonly absentThrough?: number };

/**
 * Sets `idle` if the log has nothing after `intended`, under the lock that inserts take: an insert comes either before,
 * and is seen here, or after, and asks for a wake.
 */
export async function markIdle(
  database: Database,
  request: Holding & { readonly intended: number; readonly cursorLoggedAt: LoggedAt; readonly release: boolean },
): Promise<IdleAnswer> {
  const { sourceId, partition, intended } = request;
  return inTransaction(database, async (client): Promise<IdleAnswer> => {
    const head = await client.query<{ last_seq: number }>(
      'select last_seq from partition_head where source_id = $1 and partition = $2 for update',
      [sourceId, partition],
    );
    const holding = [sourceId, partition, request.fence, request.claimId];
    const mine = await client.query(
      'select from partition_cursor where source_id = $1 and partition = $2 and fence = $3 and claim_id = $4',
      holding,
    );
    if (mine.rowCount === 0) return { idle: false, lost: true };
    const lastSeq = head.rows[0]?.last_seq ?? 0;
    if (lastSeq > intended) {
      // A second arrival of an event uses up a number, also the last one.
      const next = await client.query(
        `select from event_body where source_id = $1 and partition = $2 and seq > $3 and logged_at >= $4 limit 1`,
        [sourceId, partition, intended, request.cursorLoggedAt],
      );
      return { idle: false, absentThrough: next.rowCount === 0 ? lastSeq : undefined };
    }
    await client.query(
      'update partition_head set idle = true, wake_seq = null where source_id = $1 and partition = $2',
      [sourceId, partition],
    );
    if (request.release) await client.query(RELEASE, holding);
    return { idle: true };
  });
}

export interface OtherPartitions {
  readonly partitions: number;
  /** Of them, those whose drain holds a lease and has something to send. */
  readonly busy: number;
}

/** The source's other partitions. */
export async function countOthers(database: Database, id: PartitionId): Promise<OtherPartitions> {
  const { rows } = await database.pool.query<OtherPartitions>({
    name: 'count-other-partitions',
    text: `select count(*) as partitions,
             count(*) filter (where c.lease_until > clock_timestamp() and not h.idle) as busy
           from partition_head h left join partition_cursor c using (source_id, partition)
           where source_id = $1 and partition <> $2`,
    values: [id.sourceId, id.partition],
  });
  return rows[0] ?? { partitions: 0, busy: 0 };
}

/** Partitions of all sources whose drain holds a lease and has something to send. */
export async function countBusy({ pool }: Database): Promise<number> {
  const { rows } = await pool.query<{ busy: number }>({
    name: 'count-busy-partitions',
    text: `select count(*) as busy from partition_cursor c join partition_head h using (source_id, partition)
           where c.lease_until > clock_timestamp() and not h.idle`,
  });
  return rows[0]?.busy ?? 0;
}

/** A drain that waits at the end of the log has seen the insert itself: nobody needs to be woken. */
export async function answerWake(database: Database, id: PartitionId): Promise<void> {
  await database.pool.query(
    'update partition_head set wake_seq = null where source_id = $1 and partition = $2 and wake_seq is not null',
    [id.sourceId, id.partition],
  );
}
