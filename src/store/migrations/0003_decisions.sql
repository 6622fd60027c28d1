-- Up Migration

-- What people decided about held events: only ever appended to, kept for ever.
create table decision (
  id bigint generated always as identity primary key,
  source_id smallint not null references source (id),
  exception_id bigint not null,
  event_id bytea not null,
  reason text not null,
  decision text not null check (decision in ('resend', 'abandon', 'mark-delivered', 'reparse', 'deliver-as-new')),
  decided_by text not null,
  why text not null,
  decided_at timestamptz not null default clock_timestamp(),
  -- The request that it came with: one that is carried out again after a lost answer finds what it has done.
  request_id text not null,
  unique (request_id, exception_id)
);
create index decision_exception on decision (source_id, exception_id);

-- What has become of an event: asked for by the audit and by people.
create index exception_event on exception (source_id, event_id);

-- Down Migration
drop index exception_event;
drop table decision;
