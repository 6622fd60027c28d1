-- Up Migration

-- The tables may belong to a role that upgrades them, while workers and receivers only read and write. What these need of the
-- owner's rights, they have by these functions, which run with them.

create function make_body_day(day date) returns void language plpgsql security definer as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('event_body', 0));
  execute format(
    'create table if not exists %I partition of event_body for values from (%L) to (%L)',
    'event_body_' || to_char(day, 'YYYYMMDD'),
    to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00',
    to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00'
  );
end $$;

create function drop_body_day(day date) returns void language plpgsql security definer as $$
begin
  execute format('drop table if exists %I', 'event_body_' || to_char(day, 'YYYYMMDD'));
end $$;

-- Whoever may use these functions must not choose what the names in them mean.
do $$
declare
  fixed text := format('set search_path = %I, pg_temp', current_schema());
begin
  execute 'alter function make_body_day(date) ' || fixed;
  execute 'alter function drop_body_day(date) ' || fixed;
end $$;
revoke execute on function make_body_day(date), drop_body_day(date) from public;

-- As in 0070, and for the connections of every role that its owner may end. One that it may not end would go on writing.
create or replace function raise_schema_floor(new_floor text) returns void language plpgsql as $$
declare
  foreign_role text;
begin
  perform pg_advisory_xact_lock(7019304815230417);
  update schema_floor set migration = new_floor;
  perform pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pg_has_role(usesysid, 'usage') and pid <> pg_backend_pid()
    and application_name like 'chatlio-aep %';
  select usename into foreign_role from pg_stat_activity
  where datname = current_database() and not pg_has_role(usesysid, 'usage') and application_name like 'chatlio-aep %'
  limit 1;
  if foreign_role is not null then
    raise insufficient_privilege using message = format(
      'the role %I may not end the connections of %I: run "grant %I to %I"', current_user, foreign_role, foreign_role, current_user);
  end if;
end $$;

-- Down Migration
drop function make_body_day(date);
drop function drop_body_day(date);
create or replace function raise_schema_floor(new_floor text) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7019304815230417);
  update schema_floor set migration = new_floor;
  perform pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
    and application_name like 'chatlio-aep %';
end $$;
