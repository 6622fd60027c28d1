-- Up Migration

-- Fields that Chatlio sends and the mapping does not read: by name, never by value. Their events are whole in the log.
create table unmapped_field (
  source_id smallint not null references source (id),
  kind smallint not null,
  name text not null,
  events bigint not null,
  last_at timestamptz not null,
  primary key (source_id, kind, name)
);

-- Down Migration
drop table unmapped_field;
