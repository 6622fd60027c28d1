/** What the inlet said in words of events that it did not take. It may quote the event, so it is only ever kept sealed. */
import type { Database } from '../connection/database.js';
import type { KeyRing } from '../keys/keyRing.js';

export interface InletAnswer {
  /** 32 bytes. */
  readonly eventId: Buffer;
  readonly text: string;
}

/** Of an event that was tried very often, the newest. */
const KEPT_PER_EVENT = 5;
const FORGOTTEN_AT_ONCE = 10_000;

export async function keepInletAnswers(
  { pool }: Database,
  keyRing: Pick<KeyRing, 'seal'>,
  sourceId: number,
  answers: readonly InletAnswer[],
): Promise<void> {
  await pool.query(
    `with kept as (
       insert into inlet_answer (source_id, event_id, sealed)
       select $1::smallint, a.event_id, a.sealed from unnest($2::bytea[], $3::bytea[]) as a (event_id, sealed)
       returning id
     )
     delete from inlet_answer where id in (
       select id from (
         select id, row_number() over (partition by event_id order by id desc) as age
         from inlet_answer where source_id = $1 and event_id = any ($2)
       ) aged where age >= ${KEPT_PER_EVENT}
     )`,
    [
      sourceId,
      answers.map(({ eventId }) => eventId),
      answers.map(({ eventId, text }) => keyRing.seal(Buffer.from(text), answerContext(sourceId, eventId))),
    ],
  );
}

/** The newest, oldest of them first: of answers that are kept at once more may be there for a while. Those whose key is not there are left out. */
export async function readInletAnswers(
  { pool }: Database,
  keyRing: Pick<KeyRing, 'open'>,
  sourceId: number,
  eventId: Buffer,
): Promise<{ readonly at: string; readonly text: string }[]> {
  const { rows } = await pool.query<{ said_at: Date; sealed: Buffer }>(
    `select said_at, sealed from (
       select id, said_at, sealed from inlet_answer where source_id = $1 and event_id = $2 order by id desc limit ${KEPT_PER_EVENT}
     ) newest order by id`,
    [sourceId, eventId],
  );
  return rows.flatMap(({ said_at, sealed }) => {
    try {
      return [{ at: said_at.toISOString(), text: keyRing.open(sealed, answerContext(sourceId, eventId)).toString() }];
    } catch {
      return [];
    }
  });
}

/** Forgets those of events about which nothing is open any more, once the source's retention is over. */
export async function forgetInletAnswers({ pool }: Database): Promise<number> {
  const { rowCount } = await pool.query(
    `delete from inlet_answer where id in (
       select a.id from inlet_answer a join source s on s.id = a.source_id
       where a.said_at + coalesce((s.delivery ->> 'retentionMs')::float8, 0) * interval '1 millisecond' < clock_timestamp()
         and not exists (
           select from exception e where e.source_id = a.source_id and e.event_id = a.event_id and e.state <> 'resolved'
         )
       limit ${FORGOTTEN_AT_ONCE}
     )`,
  );
  return rowCount ?? 0;
}

function answerContext(sourceId: number, eventId: Buffer): Buffer {
  return Buffer.from(`inlet answer ${sourceId} ${eventId.toString('hex')}`);
}
