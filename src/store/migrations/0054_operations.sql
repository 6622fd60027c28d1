-- Up Migration

-- What was done to sources, by whom and with which result: only ever appended to, kept for ever. By name and uid, as a source that
-- is held at its first steps has no row in `source` yet.
create table operation (
  id bigint generated always as identity primary key,
  -- One that is written again after a lost answer is there already.
  request_id text not null unique,
  source_name text not null,
  source_uid text not null,
  kind text not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  done_by text,
  why text,
  -- Names of what was asked for, never a value.
  input jsonb not null default '{}',
  result text not null,
  error_code text,
  step text
);
create index operation_source on operation (source_name, ended_at);

-- Down Migration
drop table operation;
