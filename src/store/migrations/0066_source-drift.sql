-- Up Migration

-- What the last look at a source's objects in Adobe has found: of fields that others have changed and objects that they have deleted,
-- how many. Which ones, its workflow knows.
create table source_drift (
  source_id smallint primary key references source (id),
  looked_at timestamptz not null,
  drifted integer not null
);

-- Down Migration
drop table source_drift;
