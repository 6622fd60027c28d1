/** How the forwarder's state answers to what happens: pure, so that the workflow only waits and calls. */
import type {
  DrainPosition,
  DrainReport,
  ForwarderCounters,
  ForwarderInput,
  ForwarderPhase,
  ForwarderState,
  LookUpsAhead,
  Outage,
  PartitionSurvey,
  ReconcileReport,
} from './forwarder.js';
import type { DestinationFault } from './outcomeAccounting.js';

export function initialForwarderState(input: ForwarderInput): ForwarderState {
  return {
    v: 1,
    phase: 'idle',
    delivery: input.delivery,
    counters: { taken: 0, accepted: 0, waiting: 0, exceptions: {} },
    partitions: [],
    wanted: 'all',
    wakes: 0,
    draining: [],
    due: [],
    surveyedAt: 0,
  };
}

/** The phase follows from the rest; what stops sending for longer comes first. */
export function phaseOf(state: ForwarderState): ForwarderPhase {
  if (state.hold !== undefined) return 'held';
  if (state.outage !== undefined) return 'outage';
  if (state.gate !== undefined) return state.gate.opensAt === undefined ? 'paused' : 'settling';
  return state.draining.length > 0 || state.wanted === 'all' || state.wanted.length > 0 ? 'forwarding' : 'idle';
}

/** Somebody says that there is something to do: an insert, an opened gate, a decision. A closed gate is looked at again. */
export function woken(state: ForwarderState, partitions: readonly number[] | undefined): ForwarderState {
  const wanted = partitions === undefined || state.wanted === 'all' ? 'all' : union(state.wanted, partitions);
  return { ...state, wanted, wakes: state.wakes + 1, gate: undefined };
}

export function surveyed(state: ForwarderState, survey: PartitionSurvey, now: number): ForwarderState {
  const wanted = state.wanted === 'all' ? survey.partitions : state.wanted;
  const isNews = numbersOf(state.counters) !== numbersOf(survey.counters);
  const next = {
    ...state,
    counters: survey.counters,
    partitions: survey.partitions,
    wanted,
    surveyedAt: now,
    countsChangedAt: isNews ? now : state.countsChangedAt,
  };
  if (survey.lookUps === undefined) return next;
  const at = lookUpTime(state, survey.lookUps, now);
  if (at === undefined || (state.lookUpAt !== undefined && state.lookUpAt <= at + SAME_TIME_MS)) return next;
  return { ...next, lookUpAt: at };
}

/** A survey that was made beside the drains: partitions that nobody knew of are wanted, whatever was wanted meanwhile. */
export function surveyedBeside(state: ForwarderState, survey: PartitionSurvey, now: number): ForwarderState {
  const known = allPartitions(state);
  const found = survey.partitions.filter((partition) => !known.includes(partition));
  const next = surveyed(state, survey, now);
  return { ...next, wanted: next.wanted === 'all' ? 'all' : union(next.wanted, found) };
}

/** Names all partitions where `all` are wanted, without waiting for a survey. */
export function withAllNamed(state: ForwarderState): ForwarderState {
  return state.wanted === 'all' ? { ...state, wanted: allPartitions(state) } : state;
}

/** Those of the settings, and what surveys have found beyond: of an earlier, larger number. */
function allPartitions({ delivery, partitions }: ForwarderState): number[] {
  return union(
    Array.from({ length: delivery.partitions }, (_, partition) => partition),
    partitions,
  );
}

/** Without ages, which always change. */
function numbersOf({ oldestWaitingMs: _w, oldestExceptionMs: _e, oldestHeldMs: _h, ...numbers }: ForwarderCounters) {
  return JSON.stringify(numbers);
}

export const FIRST_SURVEY_PAUSE_MS = 15_000;
const LONGEST_SURVEY_PAUSE_MS = 5 * 60_000;

/**
 * When a forwarder that stands still counts again, as events go on coming: after as long as the counts have stayed the same.
 *
 * @returns undefined while it does not: what has changed is then counted when it changes
 */
export function nextSurvey(state: ForwarderState, firstPauseMs: number): number | undefined {
  if (state.hold === undefined && state.gate === undefined && state.outage === undefined) return undefined;
  const unchangedMs = state.surveyedAt - (state.countsChangedAt ?? state.surveyedAt);
  return state.surveyedAt + Math.min(Math.max(unchangedMs, firstPauseMs), LONGEST_SURVEY_PAUSE_MS);
}

/** A timer is not worth moving for less. */
const SAME_TIME_MS = 1_000;
/** Between two rounds of looks, whatever is due. */
const LONGEST_LOOK_PAUSE_MS = 10_000;

/** When events are next to be looked for in the lake; all pauses are parts of the lake's latency. */
function lookUpTime(
  { delivery, lookedUpAt }: Pick<ForwarderState, 'delivery' | 'lookedUpAt'>,
  { dueInMs, unplanned }: LookUpsAhead,
  now: number,
): number | undefined {
  const sinceMs = lookedUpAt ?? 0;
  const pauseMs = Math.min(LONGEST_LOOK_PAUSE_MS, delivery.lakeLatencyMs / 32);
  const times = [
    ...(dueInMs === undefined ? [] : [Math.max(now + dueInMs, sinceMs + pauseMs)]),
    ...(unplanned ? [Math.max(now, sinceMs + planningPauseMs(delivery.lakeLatencyMs))] : []),
  ];
  return times.length === 0 ? undefined : Math.ceil(Math.min(...times));
}

/** Delivered events are gathered for this long before a look at them is planned: what a look costs is shared. */
export function planningPauseMs(lakeLatencyMs: number): number {
  return lakeLatencyMs / 8;
}

export function lookedUp(state: ForwarderState, report: ReconcileReport, now: number): ForwarderState {
  const next = { ...state, lake: report.lake, lookedUpAt: now };
  return { ...next, lookUpAt: lookUpTime(next, report.lookUps, now) };
}

/**
 * The look itself failed: the lake is not to blame, and neither is any event.
 *
 * @param detail why; undefined when whoever looked could not say: what is known of the lake stays
 */
export function lookUpFailed(state: ForwarderState, detail: string | undefined, now: number): ForwarderState {
  const lookUpAt = now + planningPauseMs(state.delivery.lakeLatencyMs);
  const lake = detail === undefined ? state.lake : ({ state: 'away', detail } as const);
  return { ...state, lake, lookedUpAt: now, lookUpAt };
}

/** A wake that comes while the drain runs wants it again afterwards. */
export function drainStarted(state: ForwarderState, partition: number): ForwarderState {
  const wanted = state.wanted === 'all' ? 'all' : state.wanted.filter((one) => one !== partition);
  return {
    ...state,
    wanted,
    draining: union(state.draining, [partition]),
    due: state.due.filter((one) => one.partition !== partition),
  };
}

export function drainEnded(
  state: ForwarderState,
  report: DrainReport,
  now: number,
  firstProbeMs: number,
): ForwarderState {
  const { partition, end, dueInMs } = report;
  const isWellAgain = report.accepted > 0 || (end.kind === 'probed' && end.accepted);
  const next = {
    ...drainLost(state, partition, end.kind !== 'idle'),
    ...(report.position === undefined ? {} : withPosition(state, partition, report.position)),
    ...withCanary(state, report),
    ...(isWellAgain ? { lastError: undefined, lastErrorAt: undefined } : {}),
  };
  const due = dueInMs === undefined || end.kind !== 'idle' ? next.due : [...next.due, { partition, at: now + dueInMs }];
  switch (end.kind) {
    case 'idle':
    case 'slice':
    case 'stopped':
      return { ...next, due };
    case 'gate': {
      const opensAt = end.gate.opensInMs === undefined ? undefined : now + end.gate.opensInMs;
      return { ...next, gate: { reason: end.gate.reason, opensAt, opensByItself: end.gate.opensByItself } };
    }
    case 'fault':
      return {
        ...next,
        outage: next.outage ?? outageOf(end.fault, now, firstProbeMs),
        ...failedWith(end.fault.detail, now),
      };
    case 'probed':
      return end.accepted
        ? { ...next, outage: undefined, hold: undefined }
        : { ...next, ...failedWith(end.detail, now) };
    default:
      return end satisfies never;
  }
}

/** Nothing of a state that has never waited: it is written as by releases before. */
function withCanary(
  { awaitingCanary }: ForwarderState,
  { partition, awaitsCanary }: DrainReport,
): Pick<ForwarderState, 'awaitingCanary'> {
  const others = awaitingCanary?.filter((one) => one !== partition) ?? [];
  const awaiting = awaitsCanary === true ? union(others, [partition]) : others;
  return awaiting.length === 0 && awaitingCanary === undefined ? {} : { awaitingCanary: awaiting };
}

function withPosition(
  { positions = [] }: ForwarderState,
  partition: number,
  position: DrainPosition,
): Pick<ForwarderState, 'positions'> {
  return { positions: [...positions.filter((one) => one.partition !== partition), { partition, ...position }] };
}

export function knownPosition({ positions = [] }: ForwarderState, partition: number): DrainPosition | undefined {
  const known = positions.find((one) => one.partition === partition);
  if (known === undefined) return undefined;
  const { partition: _partition, ...position } = known;
  return position;
}

/** For people: what went wrong last, and when. */
function failedWith(lastError: string, now: number): Pick<ForwarderState, 'lastError' | 'lastErrorAt'> {
  return { lastError, lastErrorAt: now };
}

/** The drain is not running any more; whether its partition has more to do is not told by a report. */
export function drainLost(state: ForwarderState, partition: number, wanted: boolean): ForwarderState {
  return {
    ...state,
    draining: state.draining.filter((one) => one !== partition),
    wanted: !wanted || state.wanted === 'all' ? state.wanted : union(state.wanted, [partition]),
  };
}

/** Partitions whose exceptions have come due. */
export function withDue(state: ForwarderState, now: number): ForwarderState {
  const due = state.due.filter(({ at }) => at <= now).map(({ partition }) => partition);
  if (due.length === 0) return state;
  return {
    ...state,
    due: state.due.filter(({ at }) => at > now),
    wanted: state.wanted === 'all' ? 'all' : union(state.wanted, due),
  };
}

export const FIRST_PROBE_MS = 5_000;
/** What is held is probed slowly: so many first pauses apart, a quarter of an hour. */
const FIRST_PAUSES_BETWEEN_PROBES_OF_A_HOLD = 180;
/** A destination that is well again is noticed within a quarter of an hour. */
const LONGEST_PROBE_INTERVAL_MS = 15 * 60_000;
/** So many probes after which an inlet that turns everything down needs a person. */
const PROBES_BEFORE_HOLD = 3;

function outageOf(fault: DestinationFault, now: number, firstProbeMs: number): Outage {
  const nextProbeAt = now + Math.max(firstProbeMs, Math.min(fault.retryAfterMs ?? 0, LONGEST_PROBE_INTERVAL_MS));
  return { detail: fault.detail, stops: fault.stops, since: now, probes: 0, nextProbeAt };
}

export interface ProbePace {
  readonly firstProbeMs: number;
  /** False for runs that began under 0.1.0: what they held was not probed, and any failed probe counted towards a hold. */
  readonly probesHolds: boolean;
}

/** Held from now on, or still. */
export function held(state: ForwarderState, reason: string, now: number, pace: ProbePace): ForwarderState {
  const { hold } = state;
  const since = hold?.reason === reason ? hold.since : now;
  const errors = failedWith(reason, now);
  if (!pace.probesHolds) return { ...state, outage: undefined, hold: { reason, since }, ...errors };
  const nextProbeAt = now + pace.firstProbeMs * FIRST_PAUSES_BETWEEN_PROBES_OF_A_HOLD;
  const probes = hold === undefined ? 0 : (hold.probes ?? 0) + 1;
  return { ...state, outage: undefined, hold: { reason, since, probes, nextProbeAt }, ...errors };
}

export interface FailedProbe {
  readonly detail: string;
  readonly stops: DestinationFault['stops'];
}

/** After a probe that was not accepted: the next one later, or a person. */
export function probeFailed(state: ForwarderState, probe: FailedProbe, now: number, pace: ProbePace): ForwarderState {
  const { outage, hold } = state;
  if (hold !== undefined) return { ...held(state, hold.reason, now, pace), ...failedWith(probe.detail, now) };
  if (outage === undefined) return state;
  const probes = outage.probes + 1;
  const turnedDown = probe.stops === 'held' ? (outage.turnedDown ?? 0) + 1 : 0;
  if (probe.stops === 'held' && (pace.probesHolds ? turnedDown : probes) >= PROBES_BEFORE_HOLD) {
    const reason = `the destination refuses every event (${probe.detail})`;
    return { ...held(state, reason, now, pace), ...failedWith(probe.detail, now) };
  }
  const intervalMs = Math.min(pace.firstProbeMs * 2 ** probes, LONGEST_PROBE_INTERVAL_MS);
  return {
    ...state,
    outage: { ...outage, ...probe, probes, turnedDown, nextProbeAt: now + intervalMs },
    ...failedWith(probe.detail, now),
  };
}

/** When something is due although nobody calls. Undefined: never. */
export function nextTimer(state: ForwarderState): number | undefined {
  if (state.hold !== undefined) return state.hold.nextProbeAt;
  if (state.outage !== undefined) return state.outage.nextProbeAt;
  if (state.gate !== undefined) return state.gate.opensAt;
  return state.due.length === 0 ? undefined : Math.min(...state.due.map(({ at }) => at));
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}
