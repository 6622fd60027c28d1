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
  workflowInfo,
} from '@temporalio/workflow';
import { sentenceOf } from '../domain/errors.js';
import {
  FORWARDER_MESSAGES,
  type ForwarderActivities,
  type ForwarderInput,
  type ForwarderPhase,
  type ForwarderResumeInput,
  type ForwarderState,
  type WakeInput,
} from '../domain/forwarder.js';
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
  withDue,
  woken,
} from '../domain/forwarderState.js';
import type { Delivery } from '../domain/manifest.js';
import { FORWARDER_CONFIGURE_INPUT, FORWARDER_RESUME_INPUT } from '../domain/updateInputs.js';
import { watchDestination } from './destinationWatch.js';
import { handleDecisions } from './heldDecisions.js';
import { COUNTS_AT_A_STANDSTILL, lookUpWhenDue } from './lookUps.js';
import { requireShape } from './refuse.js';
import { createForwarderStore, type ForwarderStore } from './forwarderStore.js';
import { needsAPerson, reasonOf } from './lostActivities.js';

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

/** So many times its usual length a history may have while decisions are being carried out. */
const LONGER_WITH_A_DECISION = 4;

/** Patch ids. A run that began under 0.1.0 does as it did then; the first wake makes it hand over to a run that has both. */
const REVISED = 'only-a-person-holds';
const RENEWED = 'renewed-by-wake';

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
    ({ partitions, uid = input.uid } = {}) => {
      if (!revised && patched(RENEWED)) renew = true;
      if (uid !== input.uid) isStray = true;
      store.set(woken(store.state, partitions));
    },
    { description: 'There may be events to deliver: {} or {"partitions": [0, 1]}' },
  );
  setHandler(
    resumeUpdate,
    (_input: ForwarderResumeInput = {}) => {
      const { outage } = store.state;
      store.change({ hold: undefined, outage: outage && { ...outage, nextProbeAt: Date.now() } });
      return store.state.phase;
    },
    {
      description: 'End a hold, or probe the destination now: {}',
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
      description: 'Take over other delivery settings (the whole `delivery` of a parsed manifest)',
      validator: (delivery: Delivery) => requireShape(FORWARDER_CONFIGURE_INPUT, delivery),
    },
  );
  handleDecisions(input);
  setHandler(stateQuery, () => store.state, { description: 'Phase, counters, what waits and why' });

  const activities = createActivityProxies(input, store.state.delivery, revised);
  const mustEnd = (): boolean => {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    if (isStray || renew) return true;
    const longest = input.maxHistoryEvents ?? Number.MAX_SAFE_INTEGER;
    if (!continueAsNewSuggested && historyLength < longest) return false;
    // A decision may take minutes, and is finished by the run that took it: until then the drains go on.
    return !revised || allHandlersFinished() || historyLength >= LONGER_WITH_A_DECISION * longest;
  };

  const lookUps = new CancellationScope();
  const lookingUp = lookUps.run(() => Promise.all([lookUpWhenDue(store, input), watchDestination(store, input)]));

  while (!mustEnd()) {
    const { state } = store;
    if (isDue(state)) {
      restart = false;
      if (state.outage === undefined && state.hold === undefined)
        await forward(store, activities, input, () => restart || mustEnd());
      else await probe(store, activities, input);
    } else {
      await standStill(store, activities, input, () => isDue(store.state) || mustEnd());
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
  activities: Activities,
  input: ForwarderInput,
  mayGoOn: () => boolean,
): Promise<void> {
  const next = (): number | undefined => nextSurvey(store.state, input.pace?.surveyMs ?? FIRST_SURVEY_PAUSE_MS);
  // Asked only where it matters: the mark that it leaves is an event of the history.
  const counts = next() !== undefined && patched(COUNTS_AT_A_STANDSTILL);
  const surveyAt = (): number | undefined => (counts ? next() : undefined);
  const at = surveyAt();
  const timers = [nextTimer(store.state), at].filter((time) => time !== undefined);
  await until(() => mayGoOn() || surveyAt() !== at, timers.length === 0 ? undefined : Math.min(...timers));
  if (!mayGoOn() && at !== undefined && at <= Date.now()) await survey(store, activities, input);
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
  mustStop: () => boolean,
): Promise<void> {
  store.change({ gate: undefined });
  const scope = new CancellationScope();
  const runs: Promise<void>[] = [];
  const stopped = (): boolean =>
    mustStop() || store.state.hold !== undefined || store.state.outage !== undefined || store.state.gate !== undefined;

  try {
    while (!stopped()) {
      store.set(withDue(store.state, Date.now()));
      if (store.state.wanted === 'all') await survey(store, activities, input);
      for (const partition of startable(store.state)) {
        runs.push(drainPartition(store, activities, input, partition, scope));
      }
      const drains = store.state.draining.length;
      if (drains === 0) break;
      const changed = (): boolean => store.state.draining.length < drains || startable(store.state).length > 0;
      await until(() => stopped() || store.state.wanted === 'all' || changed(), nextTimer(store.state));
      if (Date.now() - store.state.surveyedAt >= SURVEY_EVERY_MS) await survey(store, activities, input);
    }
  } finally {
    // Drains that outlived this run would be zombies: they finish what they have begun and return.
    scope.cancel();
    await CancellationScope.nonCancellable(() => Promise.allSettled(runs));
  }
  await survey(store, activities, input);
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
): Promise<void> {
  const { delivery, wakes } = store.state;
  const { sliceMs, lingerMs, firstProbeMs } = input.pace ?? PACE;
  store.set(drainStarted(store.state, partition));
  try {
    const report = await scope.run(() =>
      activities.drain(`partition ${partition}`, {
        v: 1,
        uid: input.uid,
        partition,
        delivery,
        requestsPerSecond: delivery.maxRequestsPerSecond / delivery.partitions,
        mode: 'slice',
        sliceMs,
        lingerMs,
        known: knownPosition(store.state, partition),
      }),
    );
    // What it saw of the gate is out of date when somebody has woken us since.
    const outdated = report.end.kind === 'gate' && store.state.wakes !== wakes;
    const { state } = store;
    store.set(outdated ? drainLost(state, partition, true) : drainEnded(state, report, Date.now(), firstProbeMs));
  } catch (failure) {
    store.set(drainLost(store.state, partition, true));
    if (!isCancellation(failure) && activities.mustHold(failure)) hold(store, failure, activities.probePace);
  }
}

/** In an outage, and now and then while it is held: one event, after the destination and the flow were looked at. */
async function probe(store: ForwarderStore, activities: Activities, input: ForwarderInput): Promise<void> {
  const { firstProbeMs, sliceMs } = input.pace ?? PACE;
  const failed = (result: FailedProbe) => store.set(probeFailed(store.state, result, Date.now(), activities.probePace));
  const isWell = () => store.change({ outage: undefined, hold: undefined });
  try {
    const check = await activities.other.checkDestination({ uid: input.uid, sandbox: input.sandbox });
    if (!check.well) return failed(check);
    await survey(store, activities, input);
    const partition = partitionToProbe(store.state);
    if (partition === undefined) return isWell();
    const report = await activities.drain(`probe on partition ${partition}`, {
      v: 1,
      uid: input.uid,
      partition,
      delivery: store.state.delivery,
      requestsPerSecond: 1,
      mode: 'probe',
      sliceMs,
      lingerMs: 0,
      known: knownPosition(store.state, partition),
    });
    const stops = store.state.outage?.stops ?? 'outage';
    store.set(drainEnded(store.state, report, Date.now(), firstProbeMs));
    if (report.end.kind === 'probed' && !report.end.accepted) failed({ detail: report.end.detail, stops });
    // A closed gate or an empty log says nothing about the destination: whatever is sent next does.
    else if (report.end.kind !== 'stopped') isWell();
  } catch (failure) {
    if (isCancellation(failure)) throw failure;
    if (activities.mustHold(failure)) hold(store, failure, activities.probePace);
    else failed({ detail: reasonOf(failure), stops: 'outage' });
  }
}

function partitionToProbe({ wanted, partitions }: ForwarderState): number | undefined {
  return wanted === 'all' ? partitions[0] : wanted[0];
}

async function survey(store: ForwarderStore, activities: Activities, input: ForwarderInput): Promise<void> {
  try {
    const counted = await activities.other.surveyPartitions({ uid: input.uid });
    store.set(surveyed(store.state, counted, Date.now()));
  } catch (failure) {
    if (isCancellation(failure)) throw failure;
    if (activities.mustHold(failure)) hold(store, failure, activities.probePace);
  }
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
