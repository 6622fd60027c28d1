-- Up Migration

-- Second arrivals that were taken for copies, and whose bodies differed from the first: how many, and in which fields, by name, never
-- by value. The first body stays in the log; the second is not kept.
create table differing_copy (
  source_id smallint not null references source (id),
  kind smallint not null,
  copies bigint not null,
  last_at timestamptz not null,
  primary key (source_id, kind)
);
create table differing_field (
  source_id smallint not null references source (id),
  kind smallint not null,
  name text not null,
  copies bigint not null,
  last_at timestamptz not null,
  primary key (source_id, kind, name)
);

-- Down Migration
drop table differing_field;
drop table differing_copy;
