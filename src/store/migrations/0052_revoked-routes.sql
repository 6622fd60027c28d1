-- Up Migration

-- Routes that a teardown has ended and that an abort of it takes back: since when, and when they were to end before that. Null once the
-- teardown is done. That they are not taken, expires_at says to whatever release.
alter table route add column revoked_at timestamptz, add column expires_before timestamptz;

-- Down Migration
alter table route drop column revoked_at, drop column expires_before;
