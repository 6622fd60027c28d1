-- Up Migration

-- Which releases may use these tables: those that know this migration. See `src/store/schemaFit.ts`.
create table schema_floor (
  only_row boolean primary key default true check (only_row),
  migration text not null
);
insert into schema_floor (migration) values ('0070_schema-floor');

-- For a migration after which an earlier release would write something wrong: with it nobody of an earlier release writes any
-- more. Connections that are there are ended, as each looks at the floor when it is made, and waits for the lock until this
-- migration is committed.
create function raise_schema_floor(new_floor text) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7019304815230417);
  update schema_floor set migration = new_floor;
  perform pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
    and application_name like 'chatlio-aep %';
end $$;

-- Down Migration
drop function raise_schema_floor(text);
drop table schema_floor;
