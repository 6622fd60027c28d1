-- Up Migration

-- What a body is: 0 the event as releases before 0.2 cut it, 1 the webhook's body as it was posted. A release that does not know
-- the column may write 0 for either; which one it is shows when it is opened.
alter table event_body add column form smallint not null default 0;
-- Its events are kept as they were posted, and what leaves is decided when it leaves.
alter table source add column keeps_originals boolean not null default false;

-- Down Migration
alter table source drop column keeps_originals;
alter table event_body drop column form;
