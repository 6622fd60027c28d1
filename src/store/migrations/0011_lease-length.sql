-- Up Migration

-- How long the lease was when it was given: no lease is longer, so one that ends later is from a clock that was ahead.
alter table partition_cursor add column lease_ms integer;

-- Down Migration
alter table partition_cursor drop column lease_ms;
