-- Up Migration

-- A plan to look for what the cursor has passed when it was made, once the lake had time to show it. Some per
-- partition and latency, however many events there are.
create table look_up_plan (
  source_id smallint not null references source (id),
  partition smallint not null,
  through_seq bigint not null,
  planned_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null,
  primary key (source_id, partition, through_seq)
);

-- How far the late audit of a partition has come: a watermark, not a row per event.
create table partition_audit (
  source_id smallint not null references source (id),
  partition smallint not null,
  -- Everything up to here was looked for in the lake: confirmed, or in the exceptions.
  audited_seq bigint not null default 0,
  audited_logged_at timestamptz(3) not null default '-infinity',
  confirmed_count bigint not null default 0,
  primary key (source_id, partition)
);

-- Events that are in the lake more than once. Adobe's collection is at-least-once by its own account, so `attempts`
-- tells whether we may have sent it more than once.
create table repeated_event (
  source_id smallint not null references source (id),
  event_id bytea not null,
  copies integer not null,
  attempts integer not null,
  found_at timestamptz not null default clock_timestamp(),
  primary key (source_id, event_id)
);

-- Of exceptions that were delivered after all: when the event was found in the lake.
alter table exception add column confirmed_at timestamptz;
create index exception_seq on exception (source_id, partition, seq) where seq is not null;
create index exception_look_up on exception (source_id, next_at) where next_action = 'look-up';
create index exception_unconfirmed on exception (source_id, resolved_at)
  where resolution = 'delivered' and confirmed_at is null;

-- Whether this installation could read the lake when it last tried: without it bodies go by age alone.
alter table source
  add column lake_state text check (lake_state in ('readable', 'refused', 'away')),
  add column lake_detail text,
  add column lake_checked_at timestamptz;

-- Down Migration
alter table source drop column lake_state, drop column lake_detail, drop column lake_checked_at;
drop index exception_seq, exception_look_up, exception_unconfirmed;
alter table exception drop column confirmed_at;
drop table repeated_event, partition_audit, look_up_plan;
