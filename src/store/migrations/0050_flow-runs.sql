-- Up Migration

-- What the last look at the runs of a source's flows has found. Adobe counts there what failed after the inlet had accepted it.
create table flow_run_look (
  source_id smallint primary key references source (id),
  looked_at timestamptz not null,
  -- The newest; null: there is none yet.
  last_run_id text,
  last_run_at timestamptz,
  -- Of runs that began in the 24 hours before the look.
  failed_records bigint not null
);

-- Down Migration
drop table flow_run_look;
