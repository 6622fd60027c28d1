/**
 * Sending: how many requests may run, which have become slow, and whether the destination still takes events.
 *
 * A slot is taken by each running request, by each outcome other than accepted since the last accepted one, and by each
 * slow request until one that was begun after it had become slow is accepted. So an outage of any kind and length finds at
 * most `concurrency` events with an outcome that is not known, and leaves no more exceptions, but for one: when slow
 * requests have taken every slot, a single further request tells whether they alone are slow, or the destination.
 */
import {
  type DestinationFault,
  faultOf,
  IN_A_ROW,
  type Verdict,
  verdictOf,
} from '../../../domain/delivery/outcomeAccounting.js';
import type { Attempt } from '../../../domain/delivery/outcomes.js';
import type { LogEvent } from '../../../store/bodies/bodies.js';
import { leaseHolds, type Moment } from '../lease.js';
import type { DrainState, Request, Sendable, Sending } from '../state.js';

/** A request is slow when it is unanswered after this long: its event leaves the window, so that the cursor can pass it. */
const SLOW_AFTER_MS = 2_000;
/** Slow requests that may be open at once. */
export const MAX_SLOW = 1_024;
/** Of sealed bodies: an original may have 10 MB, and what is slow stays in memory as well. */
const MAX_SLOW_BYTES = 32 * 1024 * 1024;
/** What may be sent at once after a pause, as time at full rate. Above the drain's tick, or the rate is never reached. */
const BURST_MS = 100;

/** Begun requests included, slow ones not. */
export function undecided({ ready, running }: Sending): number {
  return ready.length + running.size;
}

/** Slow ones included. */
export function unanswered({ running, slow }: Sending): number {
  return running.size + slow.size;
}

export function undecidedBytes({ ready, running }: Sending): number {
  let bytes = 0;
  for (const sendable of ready) bytes += sealedBytes(sendable);
  for (const { sendable } of running) bytes += sealedBytes(sendable);
  return bytes;
}

function sealedBytes({ first, resend }: Sendable): number {
  return (first ?? resend).sealed?.length ?? 0;
}

/** Whether the next request may begin: by lease, outcomes and rate. */
export function canBegin(state: DrainState, now: Moment): boolean {
  const { sending } = state;
  return (
    sending.ready.length > 0 && freeSlots(state) > 0 && leaseHolds(state, now) && tokens(sending, now.monotonicMs) >= 1
  );
}

export function freeSlots({ sending, terms }: DrainState): number {
  const { running, holdingSlots, streak, probing } = sending;
  const left = terms.concurrency - running.size - streak - holdingSlots.size;
  const allSlow = holdingSlots.size === terms.concurrency && streak === 0;
  return allSlow && left === 0 && !probing ? 1 : left;
}

/** Only when it {@link canBegin}. */
export function beginNext({ sending, terms }: DrainState, nowMs: number): Request | undefined {
  const sendable = sending.ready.shift();
  if (sendable === undefined) return undefined;
  sending.rate.tokens = tokens(sending, nowMs) - 1;
  sending.rate.atMs = nowMs;
  if (sending.holdingSlots.size === terms.concurrency) sending.probing = true;
  const request: Request = { sendable, overtaken: false, byUs: false };
  sending.running.add(request);
  return request;
}

/** From now on. */
export function changeRate(sending: Sending, perSecond: number, nowMs: number): void {
  sending.rate = { perSecond, tokens: tokens(sending, nowMs), atMs: nowMs };
}

function tokens({ rate }: Sending, nowMs: number): number {
  const atMost = Math.max(1, (rate.perSecond * BURST_MS) / 1_000);
  return Math.min(atMost, rate.tokens + ((nowMs - rate.atMs) * rate.perSecond) / 1_000);
}

/** Takes back all that have not begun. */
export function takeBackReady(sending: Sending): Sendable[] {
  const takenBack = sending.ready;
  sending.ready = [];
  return takenBack;
}

export function hasSlow(sending: Sending, nowMs: number): boolean {
  return slowOf(sending, nowMs).next().done !== true;
}

/** Those that have become slow. @returns events whose first attempt they are */
export function setSlowAside(sending: Sending, nowMs: number): LogEvent[] {
  const events: LogEvent[] = [];
  for (const request of slowOf(sending, nowMs)) {
    request.slowMs = nowMs;
    sending.running.delete(request);
    sending.slow.add(request);
    sending.holdingSlots.add(request);
    if (request.sendable.first !== undefined) events.push(request.sendable.first);
  }
  return events;
}

function* slowOf({ running, slow }: Sending, nowMs: number): Generator<Request> {
  for (const request of running) {
    if (slow.size >= MAX_SLOW) return;
    if (request.begunMs === undefined) continue;
    // In the order in which they were begun: those after it are younger, give or take a connect.
    if (request.begunMs > nowMs - SLOW_AFTER_MS || slowBytes(slow) >= MAX_SLOW_BYTES) return;
    yield request;
  }
}

function slowBytes(slow: Sending['slow']): number {
  let bytes = 0;
  for (const { sendable } of slow) bytes += sealedBytes(sendable);
  return bytes;
}

export interface Result {
  readonly verdict: Verdict;
  readonly fault?: DestinationFault;
  /** No request was made: says nothing about the destination. */
  readonly unreadable?: true;
}

export function resultOf(attempt: Attempt): Result {
  return { verdict: verdictOf(attempt), fault: faultOf(attempt) };
}

export function resultOfUnreadable(why: string): Result {
  return { verdict: { kind: 'refused', reason: 'unreadable', fact: `not sent: ${why}` }, unreadable: true };
}

/** Of a request that could not be made, or was not told of, by a fault of ours. */
export function resultOfFailure(request: Request): Result {
  request.byUs = true;
  return {
    verdict:
      request.begunMs === undefined
        ? { kind: 'not-accepted', begun: false, fact: 'not sent: the worker failed' }
        : { kind: 'unknown', fact: 'outcome unknown: the worker failed' },
  };
}

export function answered({ sending, terms }: DrainState, request: Request, result: Result): void {
  sending.running.delete(request);
  sending.slow.delete(request);
  sending.holdingSlots.delete(request);
  if (result.unreadable === true) sending.unreadable += 1;
  if (result.verdict.kind === 'accepted') accepted(sending, request.begunMs ?? 0);
  else if (!request.byUs) {
    sending.notAccepted += 1;
    sending.lastFact = result.verdict.fact;
    sending.fault ??= result.fault;
    if (!request.overtaken && result.unreadable !== true)
      oneMoreInARow(sending, terms.concurrency, result.verdict.fact);
  }
}

function accepted(sending: Sending, begunMs: number): void {
  sending.accepted += 1;
  sending.streak = 0;
  sending.probing = false;
  for (const slow of sending.holdingSlots) {
    if ((slow.slowMs ?? 0) > begunMs) break;
    slow.overtaken = true;
    sending.holdingSlots.delete(slow);
  }
}

function oneMoreInARow(sending: Sending, concurrency: number, fact: string): void {
  sending.streak += 1;
  if (sending.streak < Math.min(IN_A_ROW, concurrency)) return;
  sending.fault ??= { stops: 'outage', detail: `${sending.streak} events in a row were not accepted; ${fact}` };
}
