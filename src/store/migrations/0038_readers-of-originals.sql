-- Up Migration

alter table source add column if not exists keeps_originals boolean not null default false;

-- A release before 0.2.0 would post an original as it is, or hold it as unreadable: it takes no partition of a source that keeps
-- originals. An error of class 55 is one that every release takes for transient: the activity fails, is run again a little
-- later, perhaps by a worker that reads originals, and nothing is held. What such a worker records about what it has sent before,
-- what it looks for in the lake, and what a person decides through it, is taken as ever.
create function refuse_unread_originals() returns trigger language plpgsql as $$
begin
  if exists (select from source where id = new.source_id and keeps_originals) then
    raise exception 'source % keeps originals, which this worker''s release does not read: end the worker, or upgrade it', new.source_id
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  return new;
end $$;
-- In this order: a claim; an intent; the wish of one that found the partition held.
create trigger originals_read before update on partition_cursor for each row
  when (current_setting('chatlio_aep.reads', true) is distinct from 'originals' and (
    (new.fence > old.fence and new.lease_until is distinct from old.lease_until and new.holder is not null)
    or (new.intended_seq > old.intended_seq and new.holder is not null)
    or (new.handover_asked and not old.handover_asked)))
  execute function refuse_unread_originals();

-- Down Migration
drop trigger originals_read on partition_cursor;
drop function refuse_unread_originals();
