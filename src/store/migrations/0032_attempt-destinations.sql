-- Up Migration

-- Where the attempts of an epoch of the gate go: a flow, and the dataset behind it.
create table epoch_destination (
  source_id smallint not null references source (id),
  epoch bigint not null,
  flow_id text not null,
  -- Null until somebody has asked Adobe: the gate was opened by a release that did not tell.
  dataset_id text,
  since timestamptz not null default clock_timestamp(),
  primary key (source_id, epoch)
);
-- Attempts that tell no epoch were made under what was there at their time, the oldest of them under what is there now.
insert into epoch_destination (source_id, epoch, flow_id, since)
  select source_id, epoch, flow_id, '-infinity' from gate where flow_id is not null;

-- From where on a partition's events were sent under an epoch: all after `cursor_seq` whose bit does not stand in `decided`
-- (as in partition_cursor). A row when a drain first claims the partition under it; nothing is undecided then.
create table partition_epoch (
  source_id smallint not null references source (id),
  partition smallint not null,
  epoch bigint not null,
  cursor_seq bigint not null,
  decided bytea not null,
  primary key (source_id, partition, epoch)
);

-- Of the drain that has the partition: it intends and sends under this epoch only. Null: of a release before.
alter table partition_cursor add column claim_epoch bigint;
-- Of each attempt, by its number.
alter table exception add column attempt_epochs bigint[] not null default '{}';

-- Down Migration
alter table exception drop column attempt_epochs;
alter table partition_cursor drop column claim_epoch;
drop table partition_epoch, epoch_destination;
