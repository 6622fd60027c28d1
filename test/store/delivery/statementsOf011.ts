/** Statements of the release 0.1.1, word for word: its processes may write beside those of this one while an installation is brought to it. */

/** source, opensAt, flow, inlet, reason */
export const OPEN_GATE = `
update gate set open = true, opens_at = $2, flow_id = $3, inlet_sealed = $4, reason = $5, epoch = epoch + 1,
              changed_at = clock_timestamp()
       where source_id = $1 returning epoch`;

/** source, partition, holder, leaseMs */
export const CLAIM = `
update partition_cursor set fence = fence + 1, claim_id = gen_random_uuid(), flush_number = 0, holder = $3,
              handover_asked = false, lease_ms = $4::int, lease_until = clock_timestamp() + $4 * interval '1 millisecond'
       where source_id = $1 and partition = $2 returning fence, claim_id`;

/** source, partition, fence, limit, answerWithinMs, claimId */
export const CLAIM_RESENDS = `
with gate_now as (
       select from gate where source_id = $1 and open and coalesce(opens_at <= clock_timestamp(), true) for share
     ), holding as (
       select c.source_id from partition_cursor c, gate_now
       where c.source_id = $1 and c.partition = $2 and fence = $3 and claim_id = $6 and lease_until > clock_timestamp() for share of c
     ), due as (
       select e.id from exception e, holding
       where e.source_id = $1 and e.partition = $2 and state = 'waiting' and next_action = 'resend'
         and next_at <= clock_timestamp()
       order by next_at limit $4 for update of e skip locked
     )
     update exception e set state = 'sending', next_action = null, attempts = attempts + 1,
       automatic_resends = automatic_resends + 1, attempt_fence = $3, attempt_at = clock_timestamp(),
       next_at = clock_timestamp() + $5 * interval '1 millisecond', version = version + 1
     from due left join lateral (
       select b.sealed from exception x join event_body b
         on b.source_id = x.source_id and b.partition = x.partition and b.seq = x.seq and b.logged_at = x.logged_at
       where x.id = due.id
     ) body on true
     where e.id = due.id
     returning e.id, e.attempts, e.event_id, body.sealed`;

/** Source, partition, fence, number, leaseMs, cursorLoggedAt, accepted, two windows of five, receipts, claim, server, seven of exceptions. */
export const FLUSH = `
  with gate_now as (
    select epoch, open and coalesce(opens_at <= clock_timestamp(), true) as passable
    from gate where source_id = $1::smallint for share
  ), flushed as (
    update partition_cursor c set
      flush_number = $4::bigint,
      lease_ms = $5::int,
      lease_until = clock_timestamp() + $5::int * interval '1 millisecond',
      cursor_logged_at = $6::timestamptz,
      accepted_count = accepted_count + $7::int,
      last_accepted_at = case when $7::int > 0 then clock_timestamp() else last_accepted_at end,
      cursor_seq = case when g.passable and c.lease_until > statement_timestamp() and pg_postmaster_start_time() = $22::timestamptz then $13::bigint else $8::bigint end,
      intended_seq = case when g.passable and c.lease_until > statement_timestamp() and pg_postmaster_start_time() = $22::timestamptz then $14::bigint else $9::bigint end,
      decided = case when g.passable and c.lease_until > statement_timestamp() and pg_postmaster_start_time() = $22::timestamptz then $15::bytea else $10::bytea end,
      withdrawn = case when g.passable and c.lease_until > statement_timestamp() and pg_postmaster_start_time() = $22::timestamptz then $16::bytea else $11::bytea end,
      undecided = case when g.passable and c.lease_until > statement_timestamp() and pg_postmaster_start_time() = $22::timestamptz then $17::int else $12::int end,
      intended_epoch = case when g.passable and c.lease_until > statement_timestamp() and pg_postmaster_start_time() = $22::timestamptz then g.epoch else intended_epoch end,
      intended_at = case when g.passable and c.lease_until > statement_timestamp() and pg_postmaster_start_time() = $22::timestamptz then statement_timestamp() else intended_at end
    from gate_now g
    where c.source_id = $1::smallint and c.partition = $2::smallint and c.fence = $3::bigint
      and c.claim_id = $21::uuid and c.flush_number = $4::bigint - 1
    returning intended_at is not distinct from statement_timestamp() as granted, handover_asked, g.epoch,
      not pg_postmaster_start_time() = $22::timestamptz as server_changed
  ), receipts as (
    insert into receipt (source_id, partition, first_seq, last_seq, lines)
    select $1::smallint, $2::smallint, $18::bigint, $19::bigint, $20::text from flushed where $20::text <> ''
  ), excepted as (
    insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, next_action, next_at,
      attempts, attempt_fence, attempt_at, evidence)
    select $1::smallint, $2::smallint, e.kind, e.event_id, e.seq, e.logged_at, e.reason,
      case when e.within is not null then 'sending' when e.reason = 'unknown' then 'waiting' else 'held' end,
      case when e.reason = 'unknown' then 'look-up' end,
      case when e.reason = 'unknown' then clock_timestamp() else clock_timestamp() + e.within * interval '1 millisecond' end,
      1, $3::bigint, clock_timestamp(),
      jsonb_build_array(jsonb_build_object('at', clock_timestamp(), 'fact', e.fact))
    from flushed, unnest($23::smallint[], $24::bytea[], $25::bigint[], $26::timestamptz[], $27::text[], $28::float8[], $29::text[])
      as e (kind, event_id, seq, logged_at, reason, within, fact)
  ) select * from flushed`;
