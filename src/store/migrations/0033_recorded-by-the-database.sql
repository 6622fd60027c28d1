-- Up Migration

-- Whoever changes a gate or claims a partition: what a release before 0032 does beside a new one is recorded as well.
-- A flow leads to one dataset, however often its gate is opened.
create function record_destination() returns trigger language plpgsql as $$
begin
  insert into epoch_destination (source_id, epoch, flow_id, dataset_id)
  select new.source_id, new.epoch, new.flow_id, max(dataset_id) from epoch_destination
  where source_id = new.source_id and flow_id = new.flow_id
  on conflict (source_id, epoch) do nothing;
  return null;
end $$;
create trigger gate_changed after insert or update on gate
  for each row when (new.flow_id is not null) execute function record_destination();

create function record_partition_epoch() returns trigger language plpgsql as $$
begin
  insert into partition_epoch (source_id, partition, epoch, cursor_seq, decided)
  select source_id, new.partition, epoch, new.cursor_seq, new.decided from gate
  where source_id = new.source_id and open and flow_id is not null
  on conflict (source_id, partition, epoch) do nothing;
  return null;
end $$;
create trigger partition_claimed after update on partition_cursor
  for each row when (new.claim_id is distinct from old.claim_id) execute function record_partition_epoch();

-- What was sent before there were epochs is of the oldest one that is known, however late it is looked for.
insert into partition_epoch (source_id, partition, epoch, cursor_seq, decided)
  select c.source_id, c.partition, d.epoch, 0, ''
  from partition_cursor c join epoch_destination d on d.source_id = c.source_id and d.since = '-infinity'
  on conflict (source_id, partition, epoch) do nothing;

-- Down Migration
drop trigger partition_claimed on partition_cursor;
drop trigger gate_changed on gate;
drop function record_partition_epoch();
drop function record_destination();
