import {
  ActivityCancellationType,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  makeContinueAsNewFunc,
  patched,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import { sentenceOf } from '../../domain/errors.js';
import {
  type DrainEnd,
  type DrainInput,
  FORWARDER_MESSAGES,
  type ForwarderActivities,
  type ForwarderInput,
  type ForwarderPhase,
  type ForwarderResumeInput,
  type ForwarderState,
  type WakeInput,
} from '../../domain/delivery/forwarder.js';
import {
  drainEnded,
  drainLost,
  drainStarted,
  type FailedProbe,
  FIRST_PROBE_MS,
  knownPosition,
  held,
  FIRST_SURVEY_PAUSE_MS,
  nextSurvey,
  nextTimer,
  probeFailed,
  type ProbePace,
  surveyed,
  withAllNamed,
  withDue,
  woken,
} from '../../domain/delivery/forwarderState.js';
import type { Delivery } from '../../domain/source/manifest.js';
import { FORWARDER_CONFIGURE_INPUT, FORWARDER_RESUME_INPUT, WAKE_INPUT } from '../../domain/source/updateInputs.js';
import { type Counting, createCountingBeside } from './counting.js';
import { watchDestination } from './destinationWatch.js';
import { createHandOver, isLong, isTooLong } from './handOver.js';
import { handleDecisions } from './heldDecisions.js';
import { COUNTS_AT_A_STANDSTILL, lookUpWhenDue } from './lookUps.js';
import { requireShape } from '../refuse.js';
import { createForwarderStore, type ForwarderStore } from './forwarderStore.js';
import { isSetBack, needsAPerson, reasonOf } from './lostActivities.js';

const wakeSignal = defineSignal<[WakeInput?]>(FORWARDER_MESSAGES.wake);
const resumeUpdate = defineUpdate<ForwarderPhase, [ForwarderResumeInput?]>(FORWARDER_MESSAGES.resume);
const configureUpdate = defineUpdate<ForwarderPhase, [Delivery]>(FORWARDER_MESSAGES.configure);
const stateQuery = defineQuery<ForwarderState>(FORWARDER_MESSAGES.state);

const PACE = { sliceMs: 60_000, lingerMs: 5_000, firstProbeMs: FIRST_PROBE_MS };
/** Counting costs some history; a running drain tells how it goes by its reports. */
const SURVEY_EVERY_MS = 30_000;
/** Beyond its slice a drain may wait for a takeover, for running requests and for the database. */
const DRAIN_MARGIN_MS = 120_000;
const LONGEST_RETRY_MS = 15_000;

/** Patch ids. A run that began under 0.1.0 does as it did then; the first wake makes it hand over to a run that has both. */
const REVISED = 'only-a-person-holds';
const RENEWED = 'renewed-by-wake';
/** Patch: asked only where a wake is not understood. */
const READS_WAKES = 'wakes-are-read';
/** Patch: before it each partition found out for itself that the database was set back. */
const SETTLES_ALL = 'settles-all-partitions';
/** Patch: before it drains stood still until a look at the lake, asked to end, had ended. */
const DRAINS_STOP_LAST = 'drains-stop-last';
/** Patch: before it each count stood in the way of what was to be sent. */
const COUNTS_BESIDE_DRAINS = 'counts-beside-drains';
/** Patch: before it a probe that met a closed gate ended the hold, and its reason was lost. */
const HELD_AT_A_CLOSED_GATE = 'held-at-a-closed-gate';

/**
 * Delivers one source's events for as long as it exists: runs one drain per partition that has something to send, waits
 * while nothing is to be done or nothing may be sent. No event and no chat text comes through here.
 *
 * Cancelling or terminating it only stops sending; the waker starts it again while its source's gate is open. It returns
 * only when it learns that its name belongs to another source.
 *
 * Signal `wake`, updates `resume`, `configure` and `decide`, query `state`.
 */
export async function forwarder(input: ForwarderInput): Promise<void> {
  const revised = patched(REVISED);
  const store = createForwarderStore(input);
  let renew = false;
  let isStray = false;
  let restart = false;
  setHandler(
    wakeSignal,
    (wake) => {
      const { partitions, uid = input.uid } = understood(wake);
      if (!revised && patched(RENEWED)) renew = true;
      if (uid !== input.uid) isStray = true;
      store.set(woken(store.state, partitions));
    },
    { description: 'Look for events to deliver: {} or {"partitions": [0, 1]}' },
  );
  setHandler(
    resumeUpdate,
    (_input: ForwarderResumeInput = {}) => {
      const { outage } = store.state;
      store.change({ hold: undefined, outage: outage && { ...outage, nextProbeAt: Date.now() } });
      return store.state.phase;
    },
    {
      description: 'End a hold, or try the destination now: {}',
      validator: (resume: ForwarderResumeInput = {}) => {
        requireShape(FORWARDER_RESUME_INPUT, resume);
        requireStopped(store.state, input.name);
      },
    },
  );
  setHandler(
    configureUpdate,
    (delivery) => {
      store.change({ delivery, wanted: 'all' });
      restart = true;
      return store.state.phase;
    },
    {
      description: 'Apply other delivery settings: the complete `delivery` of a parsed manifest',
      validator: (delivery: Delivery) => requireShape(FORWARDER_CONFIGURE_INPUT, delivery),
    },
  );
  handleDecisions(input);
  setHandler(stateQuery, () => store.state, { description: 'Phase, counters, what waits and why' });

  const activities = createActivityProxies(input, store.state.delivery, revised);
  const beside = patched(COUNTS_BESIDE_DRAINS) ? createCountingBeside(store, input) : undefined;
  const counting = beside ?? countingBetween(store, activities, input);
  // What the run before has still asked for is not lost.
  void beside?.count();
  const lookUps = new CancellationScope();
  const lookingUp = lookUps.run(() =>
    Promise.all([lookUpWhenDue(store, input, beside), watchDestination(store, input), beside?.run()]),
  );

  const { maxHistoryEvents } = input;
  const handsOver = patched(DRAINS_STOP_LAST)
    ? createHandOver(maxHistoryEvents, { end: () => lookUps.cancel(), ended: lookingUp })
    : // A decision may take minutes, and is finished by the run that took it: until then the drains go on.
      () => isLong(maxHistoryEvents) && (!revised || allHandlersFinished() || isTooLong(maxHistoryEvents));
  const mustEnd = (): boolean => isStray || renew || handsOver();

  while (!mustEnd()) {
    const { state } = store;
    if (isDue(state)) {
      restart = false;
      if (state.outage === undefined && state.hold === undefined)
        await forward(store, activities, input, counting, () => restart || mustEnd());
      else await probe(store, activities, input, counting);
    } else {
      await standStill(store, input, counting, () => isDue(store.state) || mustEnd());
    }
    store.set(withDue(store.state, Date.now()));
  }
  lookUps.cancel();
  await lookingUp;
  await condition(allHandlersFinished);
  if (isStray) return;
  // A hold of 0.1.0 may be what a worker that died has left: what does need a person holds again at once.
  const carried = renew ? { ...store.state, hold: undefined } : store.state;
  // The memo, because a run of 0.1.0 has none.
  const next = makeContinueAsNewFunc<typeof forwarder>({ memo: { uid: input.uid } });
  return next({ ...input, delivery: carried.delivery, carried });
}

/** A signal cannot be refused, and may have been typed by hand: what is not understood is for every partition. */
function understood(wake: WakeInput = {}): WakeInput {
  return WAKE_INPUT(wake) === undefined || !patched(READS_WAKES) ? wake : {};
}

function requireStopped(state: ForwarderState, name: string): void {
  if (state.hold !== undefined || state.outage !== undefined) return;
  const error = { code: 'CAEP_NOT_HELD', fields: { name, phase: state.phase } } as const;
  throw ApplicationFailure.nonRetryable(sentenceOf(error), error.code, { error });
}

/** Is there something to do now? */
function isDue(state: ForwarderState): boolean {
  if (state.hold !== undefined) return (state.hold.nextProbeAt ?? Number.POSITIVE_INFINITY) <= Date.now();
  if (state.outage !== undefined) return state.outage.nextProbeAt <= Date.now();
  if (state.gate !== undefined) return (state.gate.opensAt ?? Number.POSITIVE_INFINITY) <= Date.now();
  return state.wanted === 'all' || state.wanted.length > 0;
}

/** Waits for something to do; meanwhile what comes in is counted on a slow clock, for people who look. */
async function standStill(
  store: ForwarderStore,
  input: ForwarderInput,
  counting: Counting,
  mayGoOn: () => boolean,
): Promise<void> {
  const next = (): number | undefined =>
    counting.pending() ? undefined : nextSurvey(store.state, input.pace?.surveyMs ?? FIRST_SURVEY_PAUSE_MS);
  // Asked only where it matters: the mark that it leaves is an event of the history.
  const counts = counting.isBeside || (next() !== undefined && patched(COUNTS_AT_A_STANDSTILL));
  const surveyAt = (): number | undefined => (counts ? next() : undefined);
  const at = surveyAt();
  const timers = [nextTimer(store.state), at].filter((time) => time !== undefined);
  await until(() => mayGoOn() || surveyAt() !== at, timers.length === 0 ? undefined : Math.min(...timers));
  if (!mayGoOn() && at !== undefined && at <= Date.now()) await counting.count();
}

/** Idle costs nothing: no timer unless something is due by itself. */
async function until(predicate: () => boolean, at: number | undefined): Promise<void> {
  if (at === undefined) await condition(predicate);
  else await condition(predicate, Math.max(at - Date.now(), 1));
}

/** Runs drains until there is nothing more to send, or a reason to stop them all; returns when all have returned. */
async function forward(
  store: ForwarderStore,
  activities: Activities,
  input: ForwarderInput,
  counting: Counting,
  mustStop: () => boolean,
): Promise<void> {
  store.change({ gate: undefined });
  const scope = new CancellationScope();
  const runs: ReturnType<typeof drainPartition>[] = [];
  const stopped = (): boolean =>
    mustStop() || store.state.hold !== undefined || store.state.outage !== undefined || store.state.gate !== undefined;

  try {
    while (!stopped()) {
      store.set(withDue(store.state, Date.now()));
      if (store.state.wanted === 'all') await countAndName(store, counting);
      for (const partition of startable(store.state)) {
        runs.push(drainPartition(store, activities, input, partition, scope));
      }
      const drains = store.state.draining.length;
      if (drains === 0) break;
      const changed = (): boolean => store.state.draining.length < drains || startable(store.state).length > 0;
      await until(() => stopped() || store.state.wanted === 'all' || changed(), nextTimer(store.state));
      const isOld = Date.now() - store.state.surveyedAt >= SURVEY_EVERY_MS;
      if (isOld && !counting.pending()) await counting.count();
    }
  } finally {
    // Drains that outlived this run would be zombies: they finish what they have begun and return.
    scope.cancel();
    await CancellationScope.nonCancellable(() => Promise.allSettled(runs));
  }
  if ((await Promise.all(runs)).includes('set-back') && patched(SETTLES_ALL)) {
    await drainOthersOnce(store, activities, input);
  }
  await counting.count();
}

/** Every partition is wanted. What a count that runs beside finds beyond those that are known is wanted then. */
async function countAndName(store: ForwarderStore, counting: Counting): Promise<void> {
  if (!counting.pending()) await counting.count();
  if (counting.isBeside) store.set(withAllNamed(store.state));
}

function startable({ wanted, draining }: ForwarderState): number[] {
  return wanted === 'all' ? [] : wanted.filter((partition) => !draining.includes(partition));
}

async function drainPartition(
  store: ForwarderStore,
  activities: Activities,
  input: ForwarderInput,
  partition: number,
  scope: CancellationScope,
): Promise<'set-back' | undefined> {
  const { delivery, wakes } = store.state;
  const { sliceMs, lingerMs, firstProbeMs } = input.pace ?? PACE;
  store.set(drainStarted(store.state, partition));
  try {
    const report = await scope.run(() =>
      activities.drain(
        `partition ${partition}`,
        drainInput(store, input, partition, {
          requestsPerSecond: delivery.maxRequestsPerSecond / delivery.partitions,
          mode: 'slice',
          sliceMs,
          lingerMs,
        }),
      ),
    );
    // What it saw of the gate is out of date when somebody has woken us since.
    const outdated = report.end.kind === 'gate' && store.state.wakes !== wakes;
    store.set(
      outdated ? drainLost(store.state, partition, true) : drainEnded(store.state, report, Date.now(), firstProbeMs),
    );
    return undefined;
  } catch (failure) {
    store.set(drainLost(store.state, partition, true));
    if (!isCancellation(failure) && activities.mustHold(failure)) hold(store, failure, activities.probePace);
    return isSetBack(failure) ? 'set-back' : undefined;
  }
}

function drainInput(
  store: ForwarderStore,
  { uid }: ForwarderInput,
  partition: number,
  how: Pick<DrainInput, 'requestsPerSecond' | 'mode' | 'sliceMs' | 'lingerMs'>,
): DrainInput {
  const { state } = store;
  return { v: 1, uid, partition, delivery: state.delivery, known: knownPosition(state, partition), ...how };
}

/**
 * One partition was found set back, so the others are as well: each finds out now, while the gate is closed and nothing is
 * sent, or it would hold the source once more after a person has set it going.
 */
async function drainOthersOnce(store: ForwarderStore, activities: Activities, input: ForwarderInput): Promise<void> {
  const { firstProbeMs } = input.pace ?? PACE;
  for (const { partition } of store.state.positions ?? []) {
    try {
      const report = await activities.drain(
        `partition ${partition}: the database has gone back to an earlier state`,
        drainInput(store, input, partition, { requestsPerSecond: 1, mode: 'slice', sliceMs: 0, lingerMs: 0 }),
      );
      store.set(drainEnded(store.state, report, Date.now(), firstProbeMs));
    } catch (failure) {
      if (isCancellation(failure)) throw failure;
      if (activities.mustHold(failure)) hold(store, failure, activities.probePace);
    }
  }
}

/** In an outage, and now and then while it is held: one event, after the destination and the flow were looked at. */
async function probe(
  store: ForwarderStore,
  activities: Activities,
  input: ForwarderInput,
  counting: Counting,
): Promise<void> {
  const { firstProbeMs, sliceMs } = input.pace ?? PACE;
  const failed = (result: FailedProbe) => store.set(probeFailed(store.state, result, Date.now(), activities.probePace));
  const isWell = () => store.change({ outage: undefined, hold: undefined });
  /** A closed gate lets no probe through: a hold stays what it is, with its reason. */
  const staysHeld = (closed: boolean): boolean => {
    const { hold } = store.state;
    if (!closed || hold === undefined || !patched(HELD_AT_A_CLOSED_GATE)) return false;
    store.set(held(store.state, hold.reason, Date.now(), activities.probePace));
    return true;
  };
  try {
    const check = await activities.other.checkDestination({ uid: input.uid, sandbox: input.sandbox });
    if (!check.well) return failed(check);
    if (staysHeld(check.closedFor !== undefined)) return;
    await countAndName(store, counting);
    const partition = partitionToProbe(store.state);
    if (partition === undefined) return isWell();
    const report = await activities.drain(
      `probe on partition ${partition}`,
      drainInput(store, input, partition, { requestsPerSecond: 1, mode: 'probe', sliceMs, lingerMs: 0 }),
    );
    const stops = store.state.outage?.stops ?? 'outage';
    store.set(drainEnded(store.state, report, Date.now(), firstProbeMs));
    if (report.end.kind === 'probed' && !report.end.accepted) failed({ detail: report.end.detail, stops });
    // A gate that opens later or an empty log says nothing about the destination: whatever is sent next does.
    else if (report.end.kind !== 'stopped' && !staysHeld(isClosed(report.end))) isWell();
  } catch (failure) {
    if (isCancellation(failure)) throw failure;
    if (activities.mustHold(failure)) {
      hold(store, failure, activities.probePace);
      if (isSetBack(failure) && patched(SETTLES_ALL)) await drainOthersOnce(store, activities, input);
    } else failed({ detail: reasonOf(failure), stops: 'outage' });
  }
}

/** Until somebody opens it. */
function isClosed(end: DrainEnd): boolean {
  return end.kind === 'gate' && end.gate.opensInMs === undefined;
}

function partitionToProbe({ wanted, partitions }: ForwarderState): number | undefined {
  return wanted === 'all' ? partitions[0] : wanted[0];
}

/** As releases before 0.1.2 counted: whatever comes next waits for it. */
function countingBetween(store: ForwarderStore, activities: Activities, { uid }: ForwarderInput): Counting {
  return {
    isBeside: false,
    pending: () => false,
    async count() {
      try {
        const counted = await activities.other.surveyPartitions({ uid });
        store.set(surveyed(store.state, counted, Date.now()));
      } catch (failure) {
        if (isCancellation(failure)) throw failure;
        if (activities.mustHold(failure)) hold(store, failure, activities.probePace);
      }
    },
  };
}

function hold(store: ForwarderStore, failure: unknown, pace: ProbePace): void {
  store.set(held(store.state, reasonOf(failure), Date.now(), pace));
}

type Activities = ReturnType<typeof createActivityProxies>;

/**
 * A drain that fails is run again for ever: its fence makes that harmless. Only what a person must mend ends it.
 *
 * @param revised of runs of 0.1.0 alone not so: they held on whatever was no cancellation
 */
function createActivityProxies(input: ForwarderInput, delivery: Delivery, revised: boolean) {
  const retry = { initialInterval: '1 second', maximumInterval: LONGEST_RETRY_MS };
  /** By the settings as they are now. */
  const timeouts = ({ requestTimeoutMs, leaseMs }: Delivery) => ({
    startToCloseTimeout: (input.pace ?? PACE).sliceMs + requestTimeoutMs + DRAIN_MARGIN_MS,
    // The lease ends no later than the server notices that the worker is gone: the next attempt need not wait for it.
    heartbeatTimeout: leaseMs,
  });
  const drains = proxyActivities<ForwarderActivities>({
    ...timeouts(delivery),
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry,
  });
  const other = proxyActivities<ForwarderActivities>({ startToCloseTimeout: '30 seconds', retry });
  return {
    drain: (summary: string, drainInput: Parameters<ForwarderActivities['drain']>[0]) =>
      drains.drain.executeWithOptions({ summary, ...timeouts(drainInput.delivery) }, [drainInput]),
    other,
    probePace: { firstProbeMs: (input.pace ?? PACE).firstProbeMs, probesHolds: revised },
    mustHold: (failure: unknown) => !revised || needsAPerson(failure),
  };
}
