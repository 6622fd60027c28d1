-- Up Migration

-- What receivers have taken, by event id, apart from the event log: copied from their journal files, so that an event that
-- the log has lost can be found missing. One row for each stretch of a file; a gap between two stretches, or a stretch
-- without entries, is an hour that could not be read in full.
create table intake_journal (
  receiver_id text not null,
  -- `YYYYMMDDTHH-number`, hour in UTC.
  file text not null,
  start_byte bigint not null,
  end_byte bigint not null,
  -- 42 bytes each: event id (32), source (2), kind (1), arrival (1), taken at in milliseconds (6), big-endian.
  entries bytea,
  copied_at timestamptz not null default clock_timestamp(),
  primary key (receiver_id, file, start_byte)
);
-- Read in slices; digests do not compress.
alter table intake_journal alter column entries set storage external;
create index intake_journal_age on intake_journal using brin (copied_at);

-- When an event of a kind last came to a source: a URL that was removed in Chatlio shows as silence.
create table last_event (
  source_id smallint not null references source (id),
  kind smallint not null,
  last_at timestamptz(3) not null,
  primary key (source_id, kind)
) with (fillfactor = 50);

-- Down Migration
drop table last_event, intake_journal;
