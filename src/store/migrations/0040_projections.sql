-- Up Migration

-- What leaves of an original, and how: by version, which is never changed once it is written.
create table projection (
  source_id smallint not null references source (id),
  version integer not null,
  projection jsonb not null,
  since timestamptz not null default clock_timestamp(),
  primary key (source_id, version)
);
-- The one that is sent under. Null: the source keeps no originals.
alter table gate add column projection_version integer;
alter table gate add foreign key (source_id, projection_version) references projection (source_id, version);
-- Of the attempts of an epoch. It changes only while the gate is closed, and opening a gate begins an epoch.
alter table epoch_destination add column projection_version integer;

create or replace function record_destination() returns trigger language plpgsql as $$
begin
  insert into epoch_destination (source_id, epoch, flow_id, dataset_id, projection_version)
  select new.source_id, new.epoch, new.flow_id, max(dataset_id), new.projection_version from epoch_destination
  where source_id = new.source_id and flow_id = new.flow_id
  on conflict (source_id, epoch) do nothing;
  return null;
end $$;

-- Whoever tries it: two attempts of one epoch send the same bytes.
create function keep_projection() returns trigger language plpgsql as $$
begin
  if old.open then
    raise exception 'the projection of source % changes only while its gate is closed', new.source_id;
  end if;
  return new;
end $$;
create trigger projection_changed before update on gate
  for each row when (new.projection_version is distinct from old.projection_version) execute function keep_projection();

-- Down Migration
drop trigger projection_changed on gate;
drop function keep_projection();
create or replace function record_destination() returns trigger language plpgsql as $$
begin
  insert into epoch_destination (source_id, epoch, flow_id, dataset_id)
  select new.source_id, new.epoch, new.flow_id, max(dataset_id) from epoch_destination
  where source_id = new.source_id and flow_id = new.flow_id
  on conflict (source_id, epoch) do nothing;
  return null;
end $$;
alter table epoch_destination drop column projection_version;
alter table gate drop column projection_version;
drop table projection;
