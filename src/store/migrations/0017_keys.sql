-- Up Migration

-- What proves that a process has the keys of this installation: a known text sealed with each of them, opened at every start.
create table key_check (
  -- 8 hexadecimal digits, as in everything that was sealed with the key.
  key_id text primary key check (key_id ~ '^[0-9a-f]{8}$'),
  -- Tells two keys apart and says nothing about either.
  fingerprint text not null,
  canary bytea not null,
  -- Of a known text, with the key that makes the MACs: the first of the file.
  mac bytea not null,
  known_since timestamptz not null default clock_timestamp()
);

-- With which keys each running process works, for people to compare.
create table process_keys (
  instance uuid primary key,
  -- For example `worker host/123`.
  process text not null,
  -- The key file as it was last read: `id:fingerprint`, oldest first.
  keys text[] not null,
  seals_with text not null,
  reported_at timestamptz not null default clock_timestamp()
);

-- Down Migration
drop table process_keys, key_check;
