-- Up Migration

-- Taken, and not sent before its source was torn down: held for a person.
alter table exception
  drop constraint exception_reason_check,
  add constraint exception_reason_check check (
    reason in ('in-flight', 'unknown', 'refused', 'too-large', 'unreadable', 'conflict', 'missing', 'invalid', 'repeated', 'unsent')
  );

-- Down Migration
update exception set reason = 'refused' where reason = 'unsent';
alter table exception
  drop constraint exception_reason_check,
  add constraint exception_reason_check check (
    reason in ('in-flight', 'unknown', 'refused', 'too-large', 'unreadable', 'conflict', 'missing', 'invalid', 'repeated')
  );
