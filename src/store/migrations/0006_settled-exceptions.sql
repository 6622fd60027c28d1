-- Up Migration

-- A body that comes again after a person has decided about it is asked about anew.
drop index exception_body;
create unique index exception_body on exception (source_id, event_id, body_mac)
  where body_mac is not null and state <> 'resolved';

-- Held for no other reason than that the lake could not be read: the version under which it was. Any change since then
-- counts `version` up, and it is so no longer.
alter table exception add column awaits_lake integer;

-- An event that is in the lake more than once is an exception as well, for a person to take note of. It stands beside the
-- event, which is delivered: it has no number in the log and no body of its own.
alter table exception
  drop constraint exception_reason_check,
  add constraint exception_reason_check check (
    reason in ('in-flight', 'unknown', 'refused', 'too-large', 'unreadable', 'conflict', 'missing', 'invalid', 'repeated')
  ),
  drop constraint exception_decision_check,
  add constraint exception_decision_check check (
    decision in ('resend', 'abandon', 'mark-delivered', 'reparse', 'deliver-as-new', 'acknowledge')
  ),
  drop constraint exception_check4,
  add constraint exception_carries_body check (
    case when reason = 'repeated' then seq is null and body_mac is null and sealed is null
      when seq is null then body_mac is not null and sealed is not null else sealed is null end
  );
alter table decision
  drop constraint decision_decision_check,
  add constraint decision_decision_check check (
    decision in ('resend', 'abandon', 'mark-delivered', 'reparse', 'deliver-as-new', 'acknowledge')
  );
create unique index exception_repeated on exception (source_id, event_id) where reason = 'repeated';
insert into exception (source_id, partition, kind, event_id, reason, state, attempts, created_at, evidence)
  select source_id, partition, kind, event_id, 'repeated', 'held', attempts, found_at,
    jsonb_build_array(jsonb_build_object('at', found_at, 'fact', format('in the lake %s times', copies)))
  from repeated_event join event_id using (source_id, event_id);
drop table repeated_event;

-- Down Migration
create table repeated_event (
  source_id smallint not null references source (id),
  event_id bytea not null,
  copies integer not null,
  attempts integer not null,
  found_at timestamptz not null default clock_timestamp(),
  primary key (source_id, event_id)
);
insert into repeated_event (source_id, event_id, copies, attempts, found_at)
  select source_id, event_id, coalesce(substring(evidence -> 0 ->> 'fact' from '\d+')::integer, 2), attempts, created_at
  from exception where reason = 'repeated';
delete from exception where reason = 'repeated';
delete from decision where decision = 'acknowledge';
drop index exception_repeated;
alter table decision
  drop constraint decision_decision_check,
  add constraint decision_decision_check check (
    decision in ('resend', 'abandon', 'mark-delivered', 'reparse', 'deliver-as-new')
  );
alter table exception
  drop column awaits_lake,
  drop constraint exception_carries_body,
  add constraint exception_check4 check (
    case when seq is null then body_mac is not null and sealed is not null else sealed is null end
  ),
  drop constraint exception_decision_check,
  add constraint exception_decision_check check (
    decision in ('resend', 'abandon', 'mark-delivered', 'reparse', 'deliver-as-new')
  ),
  drop constraint exception_reason_check,
  add constraint exception_reason_check check (
    reason in ('in-flight', 'unknown', 'refused', 'too-large', 'unreadable', 'conflict', 'missing', 'invalid')
  );
delete from exception e using exception later
  where later.source_id = e.source_id and later.event_id = e.event_id and later.body_mac = e.body_mac and later.id > e.id;
drop index exception_body;
create unique index exception_body on exception (source_id, event_id, body_mac) where body_mac is not null;
