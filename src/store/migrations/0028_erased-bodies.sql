-- Up Migration

-- When the body that the log has of an abandoned event was erased; its id, its digest and its row stay.
alter table exception add column body_erased_at timestamptz;
create index exception_abandoned_body on exception (resolved_at)
  where seq is not null and resolution = 'abandoned' and body_erased_at is null;

-- Down Migration
drop index exception_abandoned_body;
alter table exception drop column body_erased_at;
