-- Up Migration

-- What the inlet said in words of events that it did not take: for people who decide. It may quote the event, so it is sealed,
-- and goes with the event's body.
create table inlet_answer (
  id bigint generated always as identity primary key,
  source_id smallint not null references source (id),
  event_id bytea not null,
  said_at timestamptz not null default clock_timestamp(),
  sealed bytea not null
);
create index inlet_answer_event on inlet_answer (source_id, event_id, id);

-- Down Migration
drop table inlet_answer;
