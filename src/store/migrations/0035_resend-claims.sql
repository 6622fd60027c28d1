-- Up Migration

-- How many resends were ever claimed: a failover that loses such a claim and its answer, and no flush, shows in nothing else.
alter table partition_cursor add column resend_claims bigint not null default 0;

-- Down Migration
alter table partition_cursor drop column resend_claims;
