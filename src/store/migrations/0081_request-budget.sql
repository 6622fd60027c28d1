-- Up Migration

-- Requests that an organisation may make to Adobe's services, over its sources and workers: a token bucket. See
-- `src/store/sharing/requestBudget.ts`.
create table request_budget (
  organisation text primary key,
  tokens double precision not null,
  refilled_at timestamptz not null,
  -- Of the last statement.
  granted integer not null,
  -- As Adobe has asked.
  paused_until timestamptz,
  -- When somebody last had to wait, and for how many requests a second there are tokens.
  waited_at timestamptz,
  per_second double precision
);

-- Down Migration
drop table request_budget;
