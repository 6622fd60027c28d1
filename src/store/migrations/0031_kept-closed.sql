-- Up Migration

-- Closed by a pause, or because the database was set back: opened by unpause alone, and not by provisioning again.
alter table gate add column awaits_unpause boolean not null default false;
update gate set awaits_unpause = true
where not open and (reason like 'paused%' or reason like 'the database was set back%');

-- Down Migration
alter table gate drop column awaits_unpause;
