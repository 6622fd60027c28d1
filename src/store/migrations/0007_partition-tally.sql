-- Up Migration

-- How many events a partition has up to a number: second arrivals use up numbers, so that these alone count too many. A
-- number's count never changes, so each row is carried forward from what it says, however much of the log is there no more.
create table partition_tally (
  source_id smallint not null references source (id),
  partition smallint not null,
  -- In the log.
  taken_seq bigint not null default 0,
  taken_logged_at timestamptz(3) not null default '-infinity',
  taken_count bigint not null default 0,
  -- Behind the cursor.
  passed_seq bigint not null default 0,
  passed_logged_at timestamptz(3) not null default '-infinity',
  passed_count bigint not null default 0,
  primary key (source_id, partition)
) with (fillfactor = 50);
insert into partition_tally
  select h.source_id, h.partition, h.last_seq, h.last_logged_at, count(i.seq),
    coalesce(c.cursor_seq, 0), coalesce(c.cursor_logged_at, '-infinity'), count(i.seq) filter (where i.seq <= c.cursor_seq)
  from partition_head h left join partition_cursor c using (source_id, partition)
    left join event_id i on i.source_id = h.source_id and i.partition = h.partition and i.seq > 0
  group by h.source_id, h.partition, c.source_id, c.partition;

-- Arrivals that the log could not carry.
create index exception_arrival on exception (source_id, event_id, body_mac) where body_mac is not null;

-- Down Migration
drop index exception_arrival;
drop table partition_tally;
