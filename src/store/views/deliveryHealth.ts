/** What keeps the events of every source, asked once for all of them: so cheap that it does not grow with what was delivered. */
import type { Database } from '../connection/database.js';
import { readSilences } from './lastEvents.js';

export interface DeliveryHealth {
  readonly name: string;
  /** It was torn down: nothing of it is sent, and what was held waits for a decision all the same. */
  readonly isRetired: boolean;
  /** False while nothing is sent until somebody opens it. */
  readonly isGateOpen: boolean;
  readonly gateReason: string;
  /** A look at the destination is to open it. */
  readonly opensByItself: boolean;
  /** 0 when events may be sent now. */
  readonly opensInMs: number;
  /** For a person to decide. */
  readonly held: number;
  /** Of the oldest event that is to be sent. */
  readonly oldestWaitingMs?: number;
  /** Kinds that have been silent for longer than the source's `delivery.quietWarning`. */
  readonly silentKinds: readonly string[];
}

export async function readDeliveryHealth(database: Database): Promise<DeliveryHealth[]> {
  const { rows } = await database.pool.query<Row>(
    `select s.name, s.retired_at is not null as "isRetired", coalesce(g.open, false) as "isGateOpen", coalesce(g.reason, 'not provisioned') as "gateReason",
       coalesce(not g.open and g.watched_epoch = g.epoch, false) as "opensByItself",
       greatest(0, coalesce(extract(epoch from g.opens_at - clock_timestamp()), 0) * 1000)::float8 as "opensInMs",
       (select count(*) from exception e where e.source_id = s.id and e.state = 'held') as held,
       (extract(epoch from clock_timestamp() - (
         select min(b.logged_at) from partition_head h left join partition_cursor c using (source_id, partition)
           cross join lateral (
             select b.logged_at from event_body b
             where b.source_id = h.source_id and b.partition = h.partition and b.seq > coalesce(c.cursor_seq, 0)
               and b.logged_at >= coalesce(c.cursor_logged_at, '-infinity') and h.last_seq > coalesce(c.cursor_seq, 0)
             order by b.seq limit 1
           ) b
         where h.source_id = s.id
       )) * 1000)::float8 as waiting_ms
     from source s left join gate g on g.source_id = s.id
     where s.retired_at is null
       or exists (select from exception e where e.source_id = s.id and e.state = 'held')
     order by s.name, s.id`,
  );
  const silences = (await readSilences(database)).filter(({ isTooLong }) => isTooLong);
  return rows.map(({ waiting_ms, ...row }) => ({
    ...row,
    ...(waiting_ms === null ? {} : { oldestWaitingMs: waiting_ms }),
    silentKinds: silences.filter(({ source }) => source === row.name).map(({ kind }) => kind),
  }));
}

interface Row {
  readonly name: string;
  readonly isRetired: boolean;
  readonly isGateOpen: boolean;
  readonly gateReason: string;
  readonly opensByItself: boolean;
  readonly opensInMs: number;
  readonly held: number;
  readonly waiting_ms: number | null;
}
