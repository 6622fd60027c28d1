-- Up Migration

-- Work for all sources at once that one worker does for all: whoever has the lease. See `src/store/sharing/duty.ts`.
create table duty_lease (
  duty text primary key,
  -- For people.
  holder text not null,
  token uuid not null,
  lease_ms integer not null,
  lease_until timestamptz not null
);

-- Down Migration
drop table duty_lease;
