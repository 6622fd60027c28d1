-- Up Migration

-- Arrivals that were held, as they came: people watch them among the events of the log.
create index exception_arrival_order on exception (source_id, id) where body_mac is not null;

-- Down Migration
drop index exception_arrival_order;
