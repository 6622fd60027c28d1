-- Up Migration

-- Delivery settings of the manifest: what a forwarder that was terminated is started with again.
alter table source add column delivery jsonb, add column sandbox text;

-- The delivering side of a partition: one row, rewritten by each flush of its drain.
create table partition_cursor (
  source_id smallint not null references source (id),
  partition smallint not null,
  -- Taken by a drain when it starts; guards intents and cursor moves, not outcomes, which are facts.
  fence bigint not null default 0,
  -- Counts the flushes of a fence: a flush whose commit was not answered is told from one that did not happen.
  flush_number bigint not null default 0,
  holder text,
  -- In the past: given back, or run out.
  lease_until timestamptz,
  -- When the waker last took notice of a partition that had something to send and no drain for long.
  rescued_at timestamptz,
  -- A drain that wants to take over asks the holder to finish and report.
  handover_asked boolean not null default false,
  -- Everything up to here is delivered or in the exceptions.
  cursor_seq bigint not null default 0,
  cursor_logged_at timestamptz(3) not null default '-infinity',
  -- Everything in (cursor_seq, intended_seq] may have been sent under `fence`, unless its bit stands in one of the maps below.
  intended_seq bigint not null default 0,
  intended_at timestamptz,
  -- The gate's epoch under which the undecided intents were written.
  intended_epoch bigint not null default 0,
  -- Bit i (least significant first) stands for cursor_seq + 1 + i: decided out of order.
  decided bytea not null default '',
  -- The same, for intents taken back: known not to have been sent, sent by a later intent.
  withdrawn bytea not null default '',
  -- How many in (cursor_seq, intended_seq] are neither decided nor withdrawn: what a closing gate waits for.
  undecided integer not null default 0,
  accepted_count bigint not null default 0,
  last_accepted_at timestamptz,
  primary key (source_id, partition)
) with (fillfactor = 50);

-- Events that the cursor has passed without `accepted`, and arrivals that the log cannot carry.
create table exception (
  id bigint generated always as identity primary key,
  source_id smallint not null references source (id),
  partition smallint not null,
  kind smallint not null,
  event_id bytea not null check (octet_length(event_id) = 32),
  reason text not null check (
    reason in ('in-flight', 'unknown', 'refused', 'too-large', 'unreadable', 'conflict', 'missing', 'invalid')
  ),
  -- waiting: for `next_action` at `next_at`; sending: an attempt runs; held: for a person; resolved: done with.
  state text not null check (state in ('waiting', 'sending', 'held', 'resolved')),
  next_action text check (next_action in ('resend', 'look-up')),
  -- waiting: when the next action is due. sending: when the attempt counts as unanswered for good.
  next_at timestamptz,
  -- Where the log has the body. Absent for bodies that it cannot have: these are kept here.
  seq bigint,
  logged_at timestamptz(3),
  body_mac bytea,
  sealed bytea,
  occurred_at timestamptz(3),
  created_at timestamptz not null default clock_timestamp(),
  arrivals integer not null default 1,
  last_arrival_at timestamptz not null default clock_timestamp(),
  -- POSTs begun, and under which fence and when the last of them.
  attempts integer not null default 0,
  automatic_resends integer not null default 0,
  attempt_fence bigint,
  attempt_at timestamptz,
  -- The attempt that was accepted, when that became known while a later one was running.
  accepted_attempt integer,
  -- Facts, oldest first: [{"at": …, "fact": …}]. Never chat text.
  evidence jsonb not null default '[]',
  -- Guards decisions: each change counts it up, a decision names the version that it saw.
  version integer not null default 1,
  decision text check (decision in ('resend', 'abandon', 'mark-delivered', 'reparse', 'deliver-as-new')),
  decided_by text,
  decided_at timestamptz,
  decision_reason text,
  resolution text check (resolution in ('delivered', 'abandoned', 'replaced')),
  resolved_at timestamptz,
  check ((state = 'waiting') = (next_action is not null)),
  check (state not in ('waiting', 'sending') or next_at is not null),
  check ((state = 'resolved') = (resolution is not null and resolved_at is not null)),
  check ((seq is null) = (logged_at is null)),
  check (case when seq is null then body_mac is not null and sealed is not null else sealed is null end)
) with (fillfactor = 80);

-- An event of the log is in one open exception at most.
create unique index exception_open_event on exception (source_id, partition, seq)
  where seq is not null and state <> 'resolved';
-- The same conflicting or unreadable body, arriving again, is counted.
create unique index exception_body on exception (source_id, event_id, body_mac) where body_mac is not null;
create index exception_due on exception (source_id, partition, next_at) where state in ('waiting', 'sending');
create index exception_open on exception (source_id, reason, id) where state <> 'resolved';

-- The inlet's receipts, for support cases: one row per flush, one line `seq xactionId receivedTimeMs` per event.
create table receipt (
  source_id smallint not null,
  partition smallint not null,
  first_seq bigint not null,
  last_seq bigint not null,
  recorded_at timestamptz not null default clock_timestamp(),
  lines text not null
);
create index receipt_seq on receipt (source_id, partition, last_seq);
create index receipt_age on receipt using brin (recorded_at);

-- Down Migration
drop table receipt, exception, partition_cursor;
alter table source drop column delivery, drop column sandbox;
