-- Up Migration

-- The delivering side of a partition: one row, rewritten by each flush of its drain.
create table partition_cursor (
  source_id smallint not null references source (id),
  partition smallint not null,
  -- Taken by a drain when it starts; guards intents and cursor moves, not outcomes, which are facts.
  fence bigint not null default 0,
  holder text,
  lease_until timestamptz,
  -- A drain that wants to take over asks the holder to finish and report.
  handover_asked boolean not null default false,
  -- Everything up to here is delivered or in the exceptions.
  cursor_seq bigint not null default 0,
  cursor_logged_at timestamptz not null default '-infinity',
  -- Everything in (cursor_seq, intended_seq] may have been sent under `fence`, unless its bit in `decided` is set.
  intended_seq bigint not null default 0,
  intended_at timestamptz,
  intended_epoch bigint not null default 0,
  -- Bit i (least significant first) stands for cursor_seq + 1 + i: decided out of order.
  decided bytea not null default '',
  accepted_count bigint not null default 0,
  last_accepted_at timestamptz,
  last_error text,
  last_error_at timestamptz,
  primary key (source_id, partition)
) with (fillfactor = 50);

-- Down Migration
drop table partition_cursor;
