/** Events of the log as a drain reads them: in pages bounded by count and bytes. */
import { codedError } from '../../domain/errors.js';
import { type Kind, kindOfCode } from '../../domain/events/kinds.js';
import type { LoggedAt, PartitionId } from '../delivery/claim.js';
import type { Database } from '../connection/database.js';

export interface LogEvent {
  readonly seq: number;
  readonly kind: Kind;
  readonly loggedAt: LoggedAt;
  /** 32 bytes. */
  readonly eventId: Buffer;
  readonly sealed: Buffer;
  /** As the row says: see `openEvent`. */
  readonly form?: number;
}

/** The body that a row of the log has: none once it was erased after a decision about its event. */
export function bodyOf(event: string): string {
  return `nullif(${event}.sealed, '')`;
}

export interface PageRequest extends PartitionId {
  readonly afterSeq: number;
  /** No event after `afterSeq` was logged before this: older time partitions are not looked at. */
  readonly fromLoggedAt: LoggedAt;
  readonly maxEvents: number;
  /** Of sealed bodies. A single larger one makes a page of its own. */
  readonly maxBytes: number;
}

// As texts that cost a reader least: pg decodes bytea from hexadecimal at ten times the price of base64, and a Date of each row
// is made for nobody.
const COLUMNS = `seq, kind, form, logged_at::text, encode(event_id, 'base64') as event_id, encode(sealed, 'base64') as sealed`;

/**
 * Of events after the cursor: those that are to be sent from the log. One that was put again (see `putAgain.ts`) is in the
 * exceptions from its first moment, and is seen to there, whatever has become of it.
 *
 * @param event the row's alias, in a statement whose first parameters are source and partition, unless it is told otherwise
 */
export function withoutException(event: string, { sourceId = '$1', partition = '$2' } = {}): string {
  return `not exists (select from exception x where x.source_id = ${sourceId} and x.partition = ${partition}
                        and x.seq = ${event}.seq and x.event_id = ${event}.event_id)`;
}

/**
 * The next events, ascending. Commit order is sequence order: a number that is missing between two of them is no event, or is
 * not to be sent from here.
 */
export async function readPage(database: Database, request: PageRequest): Promise<LogEvent[]> {
  const { rows } = await database.pool.query<BodyRow>({
    name: 'read-page',
    text: `select ${COLUMNS}
           from (
             select *, sum(octet_length(sealed)) over (order by seq) - octet_length(sealed) as bytes_before
             from (
               select seq, kind, form, logged_at, event_id, sealed from event_body b
               where source_id = $1 and partition = $2 and seq > $3 and logged_at >= $4
                 and ${withoutException('b')}
               order by seq limit $5
             ) next
           ) page
           where bytes_before < $6 order by seq`,
    values: [
      request.sourceId,
      request.partition,
      request.afterSeq,
      request.fromLoggedAt,
      request.maxEvents,
      request.maxBytes,
    ],
  });
  return rows.map(parseBody);
}

/** Single events by number, ascending: those that were withdrawn. */
export async function readEvents(
  database: Database,
  request: PartitionId & { readonly seqs: readonly number[]; readonly fromLoggedAt: LoggedAt },
): Promise<LogEvent[]> {
  const { rows } = await database.pool.query<BodyRow>(
    `select ${COLUMNS}
     from event_body where source_id = $1 and partition = $2 and seq = any ($3) and logged_at >= $4 order by seq`,
    [request.sourceId, request.partition, request.seqs, request.fromLoggedAt],
  );
  return rows.map(parseBody);
}

interface BodyRow {
  readonly seq: number;
  readonly kind: number;
  readonly form: number;
  readonly logged_at: string;
  readonly event_id: string;
  readonly sealed: string;
}

function parseBody(row: BodyRow): LogEvent {
  const kind = knownKind(row.kind, `event ${row.seq}`);
  const eventId = Buffer.from(row.event_id, 'base64');
  const sealed = Buffer.from(row.sealed, 'base64');
  return { seq: row.seq, kind, loggedAt: row.logged_at, eventId, sealed, form: row.form };
}

/** @throws CodedError `CAEP_RELEASE_TOO_OLD` */
export function knownKind(code: number, of: string): Kind {
  const kind = kindOfCode(code);
  if (kind === undefined) throw codedError('CAEP_RELEASE_TOO_OLD', { what: `the kind ${code} of ${of}` });
  return kind;
}
