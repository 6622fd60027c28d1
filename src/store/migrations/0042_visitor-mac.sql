-- Up Migration

-- HMAC, 16 bytes, of Chatlio's own id of the visitor: the same id of an event, posted for another visitor, is not a copy. Null where
-- none was posted, and of what releases before 0.2 have taken: then it tells nothing.
alter table event_id add column visitor_mac bytea;

-- Down Migration
alter table event_id drop column visitor_mac;
