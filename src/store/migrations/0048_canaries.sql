-- Up Migration

-- Kinds of which nothing was seen in the lake yet since what leaves was changed. Until then one event of the kind is sent, the
-- canary, and the others wait. A kind without a row is sent as it comes.
create table canary (
  source_id smallint not null references source (id),
  kind smallint not null,
  -- Of the change; null: the source keeps no originals.
  projection_version integer,
  -- Which event is sent first; null: none yet.
  event_id bytea,
  -- When it was first seen to be accepted.
  accepted_at timestamptz,
  look_at timestamptz,
  -- Failed batches that were read: of attempts before, they say nothing about a later one.
  refused_in text[] not null default '{}',
  primary key (source_id, kind)
);

-- Down Migration
drop table canary;
