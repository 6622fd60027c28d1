-- Up Migration

-- Exceptions whose event does not count as accepted: what is counted of them does not grow with what was delivered in the end.
create index exception_apart on exception (source_id)
  where reason <> 'repeated' and (state <> 'resolved' or resolution <> 'delivered' or decision = 'mark-delivered');

-- Down Migration
drop index exception_apart;
