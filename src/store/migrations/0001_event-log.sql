-- Up Migration

-- A source, numbered small because its number stands in every row of an event.
create table source (
  id smallint generated always as identity primary key,
  uid uuid not null unique,
  name text not null,
  partitions smallint not null check (partitions between 1 and 64),
  created_at timestamptz not null default now(),
  retired_at timestamptz
);
create unique index source_live_name on source (name) where retired_at is null;

-- No intent is written while the gate is closed or before it opens.
create table gate (
  source_id smallint primary key references source (id),
  epoch bigint not null default 0,
  flow_id text,
  -- The inlet URL is a secret: sealed with the key ring.
  inlet_sealed bytea,
  open boolean not null default false,
  opens_at timestamptz,
  reason text not null default 'not provisioned',
  changed_at timestamptz not null default now()
);

-- Who may post: a secret per widget and kind; several generations are valid at once while one is being rotated out.
create table route (
  source_id smallint not null references source (id),
  widget text not null,
  kind smallint not null,
  generation integer not null,
  secret_sha256 bytea not null,
  secret_sealed bytea not null,
  created_at timestamptz not null default now(),
  -- Not taken any more from this time on.
  expires_at timestamptz,
  primary key (source_id, widget, kind, generation)
);

-- The writers' side of a partition. The row's lock is the insert lock: taken first and held to the commit, it makes
-- commit order equal sequence order, so that the sequence is a log.
create table partition_head (
  source_id smallint not null references source (id),
  partition smallint not null,
  last_seq bigint not null default 0,
  last_logged_at timestamptz(3) not null default '-infinity',
  -- Set by a drain that found the log empty; an insert that clears it asks for a wake in the same transaction.
  idle boolean not null default true,
  -- A wake that nobody has answered yet: `last_seq` of the insert that asked. The waker clears it only if it still is
  -- the one that it has seen, so that a wake asked for meanwhile is never cleared with it.
  wake_seq bigint,
  primary key (source_id, partition)
) with (fillfactor = 50);

-- Which events were ever taken: kept for ever, so narrow. A second arrival of an id meets this row.
create table event_id (
  source_id smallint not null,
  partition smallint not null,
  kind smallint not null,
  arrivals integer not null default 1,
  -- 0: held on arrival (see the exceptions), never in the log.
  seq bigint not null,
  logged_at timestamptz(3) not null,
  last_arrival_at timestamptz(3) not null,
  event_id bytea not null check (octet_length(event_id) = 32),
  -- HMACs, 16 bytes each: of the whole payload in canonical form, and of it without its volatile fields.
  body_mac bytea not null,
  stable_mac bytea not null,
  primary key (source_id, event_id)
);

-- Bodies, encrypted, in daily partitions (UTC) that are dropped whole.
create table event_body (
  source_id smallint not null,
  partition smallint not null,
  kind smallint not null,
  seq bigint not null,
  logged_at timestamptz(3) not null,
  occurred_at timestamptz(3) not null,
  event_id bytea not null,
  sealed bytea not null,
  primary key (source_id, partition, seq, logged_at)
) partition by range (logged_at);
-- Ciphertext does not compress; trying costs time.
alter table event_body alter column sealed set storage external;
-- Catches what no time partition was made for; maintenance moves nothing into it on purpose.
create table event_body_default partition of event_body default;

-- What each receiver says of itself.
create table receiver_report (
  receiver_id text primary key,
  started_at timestamptz not null,
  reported_at timestamptz not null,
  spool_depth bigint not null,
  details jsonb not null default '{}'
);

-- Down Migration
drop table receiver_report, event_body, event_id, partition_head, route, gate, source;
