-- Up Migration

-- Names the claim of the drain that has the partition. Its fence does so only as long as the database is not set back:
-- then the next drain gets a number that another one believes to have.
alter table partition_cursor add column claim_id uuid;

-- Down Migration
alter table partition_cursor drop column claim_id;
