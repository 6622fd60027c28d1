-- Up Migration

-- The epoch in which our own look at the destination closed the gate. Any later change of the gate, by whatever release, moves the
-- epoch on: only what nobody has touched since opens by itself.
alter table gate add column watched_epoch bigint;

-- Down Migration
alter table gate drop column watched_epoch;
