-- Up Migration

-- A body that the log could not carry goes some time after the decision about it; its id and digest stay.
alter table exception
  drop constraint exception_carries_body,
  add constraint exception_carries_body check (
    case when reason = 'repeated' then seq is null and body_mac is null and sealed is null
      when seq is null then body_mac is not null and (sealed is not null or state = 'resolved') else sealed is null end
  ),
  -- By which route it came. Empty: not known.
  add column widget text not null default '';
create index exception_held_body on exception (source_id, kind, widget) where sealed is not null and state <> 'resolved';
create index exception_decided_body on exception (resolved_at) where sealed is not null and state = 'resolved';

-- Arrivals whose route had no place left for bodies that wait for a decision: answered with 503, not taken.
create table turned_away (
  source_id smallint not null references source (id),
  kind smallint not null,
  widget text not null,
  event_id bytea not null,
  body_mac bytea not null,
  bytes integer not null,
  times integer not null default 1,
  first_at timestamptz not null default clock_timestamp(),
  last_at timestamptz not null default clock_timestamp(),
  primary key (source_id, kind, widget, event_id, body_mac)
);

-- Down Migration
drop table turned_away;
drop index exception_decided_body, exception_held_body;
delete from exception where seq is null and sealed is null and reason <> 'repeated';
alter table exception
  drop column widget,
  drop constraint exception_carries_body,
  add constraint exception_carries_body check (
    case when reason = 'repeated' then seq is null and body_mac is null and sealed is null
      when seq is null then body_mac is not null and sealed is not null else sealed is null end
  );
