-- Up Migration

-- Paths that are removed from a body before it is sealed, as a manifest writes them: what stood there is never kept.
alter table source add column stored_without text[] not null default '{}';

-- Down Migration
alter table source drop column stored_without;
