import { ActivityFailure, CancellationScope, defineUpdate, isCancellation, setHandler } from '@temporalio/workflow';
import type { OperationInput } from '../../domain/delivery/pause.js';
import type { CatalogueError } from '../../domain/errors.js';
import type { RecordedInput } from '../../domain/history.js';
import { type Hold, SOURCE_MESSAGES } from '../../domain/source/source.js';
import {
  amended,
  atMostUntil,
  type Awaiting,
  isTakenAway,
  isWaitedFor,
  isWaitingToTearDown,
  judgeSpools,
  keptBecause,
  pauseAfter,
  silenceError,
  type Teardown,
  TEARDOWN_WAITS,
  type TeardownInput,
  teardownOf,
  type TeardownResult,
  type TeardownWait,
  type TornDown,
} from '../../domain/source/teardown.js';
import { TEARDOWN_INPUT } from '../../domain/source/updateInputs.js';
import type { Decisions } from '../decisions.js';
import { refuse, requireShape } from '../refuse.js';
import { untilDone } from './forwarding.js';
import type { Recording } from './recording.js';
import type { Operations } from './operations.js';
import { failureOf } from './provisioning.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

const teardownUpdate = defineUpdate<TeardownResult, [TeardownInput?]>(SOURCE_MESSAGES.teardown);

/** Why the gate is closed while what waits is not to be sent. */
const CLOSED_BECAUSE = 'the source is being torn down without sending what waits';

/**
 * Registers the update `teardown`. To be called before the first await of the workflow.
 *
 * It answers once the webhook URLs are not taken any more. What follows takes hours, so it is no part of the update: the run may
 * hand over meanwhile.
 */
export function handleTeardown(
  store: SourceStore,
  proxies: StepProxies,
  recording: Recording,
  { requireIdle }: Operations,
): void {
  const teardown = async (input: TeardownInput = {}): Promise<TeardownResult> => {
    const since = Date.now();
    const asked = { kind: 'teardown', startedAt: since, by: input.by, why: input.reason, input: recorded(input) };
    const before = store.state.teardown;
    if (before !== undefined) {
      store.change({ teardown: amended(before, input) });
      recording.record({ ...asked, result: 'begun' });
      return { v: 1, begun: false, revoked: before.revoked ?? 0 };
    }
    store.change({
      operation: { kind: 'teardown', startedAt: since, by: input.by, undo: [] },
      teardown: teardownOf(input, since),
    });
    try {
      const { revoked, revokedAt } = await CancellationScope.nonCancellable(() =>
        proxies.other.revokeRoutes(inputOf(store)),
      );
      changeTeardown(store, (begun) => ({ ...begun, revoked, revokedAt }));
      recording.record({ ...asked, result: 'begun' });
      return { v: 1, begun: true, revoked };
    } catch (failure) {
      store.change({ operation: undefined, teardown: undefined });
      const { error } = failureOf(failure);
      recording.record({ ...asked, result: 'refused', code: error.code });
      if (!(failure instanceof ActivityFailure)) throw failure;
      const { name } = store.state.manifest;
      return refuse({ ...error, fields: { ...error.fields, name, command: 'teardown' } });
    }
  };

  setHandler(teardownUpdate, teardown, {
    description:
      'Take the source down once everything is delivered and confirmed: {} or {"discard": true, "noWait": true, "withoutReceivers": ["…"], "deleteData": true, "reason": "…", "by": "…"}. Again: wait for less',
    validator: (input: TeardownInput = {}) => {
      requireShape(TEARDOWN_INPUT, input);
      if (isWaitingToTearDown(store.state)) return;
      requireIdle();
      if (store.state.paused === undefined || input.discard === true) return;
      refuse({ code: 'CAEP_TEARDOWN_PAUSED', fields: { name: store.state.manifest.name } });
    },
  });
}

/** One look at what is waited for. */
interface Look {
  /** Undefined: nothing is left of it. */
  readonly awaiting?: Pick<Awaiting, 'count' | 'receivers' | 'closed' | 'held' | 'lake'>;
  /** Somebody has to do something. */
  readonly error?: CatalogueError;
}

/**
 * Waits until nothing is lost or left unproven by taking the source down; changes nothing at Adobe. Looks again after growing
 * pauses, and at once when it is told to wait for less. Begun anew in a run that was handed over to.
 *
 * @param isToHandOver whether this run has become long
 * @returns `aborted`: the webhook URLs are taken again; `ready`: it cannot be aborted from here on
 * @throws a cancellation when the workflow is cancelled
 */
export async function awaitTeardown(
  store: SourceStore,
  proxies: StepProxies,
  decisions: Decisions,
  recording: Recording,
  isToHandOver: () => boolean,
): Promise<'ready' | 'aborted' | 'hand-over'> {
  for (const wait of TEARDOWN_WAITS) {
    for (let looks = 0; ; looks += 1) {
      const teardown = teardownIn(store);
      if (!isWaitedFor(teardown, wait)) break;
      const look = await lookAt(wait, store, proxies);
      // Told to wait for less in the meantime.
      if (teardownIn(store) !== teardown) continue;
      if (look.awaiting === undefined && look.error === undefined) break;
      note(store, wait, look);
      const told = teardownIn(store);
      const decided = await decisions.decideWithin(
        look.error && holdOf(wait, look.error, store),
        pauseAfter(looks),
        () => teardownIn(store) !== told || isToHandOver(),
      );
      if (decided?.kind === 'abort') return takeBack(store, proxies, decisions, recording);
      if (decided?.kind === 'resume') {
        const { withoutReceivers } = decided.input;
        changeTeardown(store, (before) => amended(before, { withoutReceivers }));
      }
      if (isToHandOver()) return 'hand-over';
      if (teardownIn(store) !== told) looks = -1;
    }
  }
  // Somebody may have aborted it while it looked for the last time.
  if (decisions.taken()?.kind === 'abort') return takeBack(store, proxies, decisions, recording);
  changeTeardown(store, (teardown) => ({ ...teardown, awaiting: undefined }));
  store.change({ phase: 'undoing', hold: undefined });
  return 'ready';
}

/** What is left at Adobe is listed, and the operation is over. */
export function endTeardown(store: SourceStore, recording: Recording): TornDown {
  const { manifest, uid, remainders, resources, teardown, steps, heldEvents = 0 } = store.state;
  const isNamed = ({ id }: { readonly id: string }): boolean => remainders.some((one) => one.id === id);
  const kept = steps.flatMap(({ step }) => {
    const resource = resources[step];
    if (resource === undefined || isNamed(resource)) return [];
    if (isTakenAway(step, teardown?.deleteData === true) && resource.origin === 'created') return [];
    return [{ step, id: resource.id, reason: keptBecause(step, resource.origin) }];
  });
  const left = [...remainders, ...kept];
  recording.record({ ...recordOf(teardownIn(store)), result: 'done' });
  store.change({ phase: 'torn-down', operation: undefined, remainders: left });
  return {
    v: 1,
    phase: 'torn-down',
    name: manifest.name,
    uid,
    left: left.map(({ step }) => step),
    heldEvents,
    missing: teardown?.missing ?? [],
  };
}

async function lookAt(wait: TeardownWait, store: SourceStore, proxies: StepProxies): Promise<Look> {
  try {
    if (wait === 'spools') return await lookAtSpools(store, proxies);
    if (wait === 'delivery') {
      const { count, closed } = await proxies.other.countUnsent(inputOf(store));
      return count === 0 ? {} : { awaiting: { count, closed } };
    }
    const { discard } = teardownIn(store);
    if (discard) await stopSending(store, proxies);
    const { count, held, lake } = await proxies.other.countUnconfirmed({ ...inputOf(store), discard });
    return count + held === 0 ? {} : { awaiting: { count, held, lake } };
  } catch (failure) {
    if (isCancellation(failure) || !(failure instanceof ActivityFailure)) throw failure;
    return { error: failureOf(failure).error };
  }
}

async function lookAtSpools(store: SourceStore, proxies: StepProxies): Promise<Look> {
  const { revokedAt = '' } = teardownIn(store);
  const reports = await proxies.other.readSpools({ ...inputOf(store), revokedAt });
  const { silent, awaited } = judgeSpools(reports, teardownIn(store).withoutReceivers);
  const all = [...silent, ...awaited];
  if (all.length === 0) {
    await noteMissing(store, proxies);
    return {};
  }
  const awaiting = {
    count: all.reduce((sum, { spooled }) => sum + spooled, 0),
    receivers: (silent.length > 0 ? silent : awaited).map(({ id }) => id),
  };
  return silent.length === 0 ? { awaiting } : { awaiting, error: silenceError(store.state.manifest.name, silent) };
}

/** Of spools that were not waited for. */
async function noteMissing(store: SourceStore, proxies: StepProxies): Promise<void> {
  const { withoutReceivers: receivers, missing } = teardownIn(store);
  if (receivers.length === 0 || missing !== undefined) return;
  const found = await proxies.other.readMissing({ ...inputOf(store), receivers });
  changeTeardown(store, (teardown) => ({ ...teardown, missing: found }));
}

/** With the gate closed what waits is not sent while what was sent is waited for. */
async function stopSending(store: SourceStore, proxies: StepProxies): Promise<void> {
  if (store.state.paused !== undefined || teardownIn(store).gateClosed === true) return;
  changeTeardown(store, (teardown) => ({ ...teardown, gateClosed: true }));
  await proxies.other.closeGate({ ...inputOf(store), reason: CLOSED_BECAUSE, reopens: true });
}

/** Undoes the teardown only: the URLs are taken again, and the gate opens if it was closed for it. */
async function takeBack(
  store: SourceStore,
  proxies: StepProxies,
  decisions: Decisions,
  recording: Recording,
): Promise<'aborted'> {
  await untilDone(store, decisions, () => proxies.other.restoreRoutes(inputOf(store)));
  if (teardownIn(store).gateClosed === true) {
    await untilDone(store, decisions, async () => {
      const { opensAt } = await proxies.perform('inlet', inputOf(store));
      store.change({ opensAt });
    });
  }
  recording.record({ ...recordOf(teardownIn(store)), result: 'aborted' });
  store.change({ operation: undefined, teardown: undefined });
  return 'aborted';
}

function recordOf(teardown: Teardown) {
  const { since: startedAt, by, reason: why } = teardown;
  return { kind: 'teardown', startedAt, by, why, input: recorded(teardown) } as const;
}

/** Only what was asked for. */
function recorded({
  discard,
  noWait,
  deleteData,
  includeAdopted,
  withoutReceivers = [],
}: TeardownInput): RecordedInput {
  return {
    ...(discard === true ? { discard } : {}),
    ...(noWait === true ? { noWait } : {}),
    ...(deleteData === true ? { deleteData } : {}),
    ...(includeAdopted === true ? { includeAdopted } : {}),
    ...(withoutReceivers.length === 0 ? {} : { withoutReceivers }),
  };
}

function note(store: SourceStore, wait: TeardownWait, { awaiting = { count: 0 } }: Look): void {
  changeTeardown(store, (teardown) => {
    const before = teardown.awaiting?.wait === wait ? teardown.awaiting : undefined;
    const since = before?.since ?? Date.now();
    const atMost =
      wait === 'confirmation' ? { atMostUntil: atMostUntil(since, store.state.manifest.delivery) } : undefined;
    return { ...teardown, awaiting: { wait, since, lookedAt: Date.now(), ...awaiting, ...atMost } };
  });
}

function holdOf(wait: TeardownWait, error: CatalogueError, store: SourceStore): Hold {
  const since = store.state.hold?.since ?? Date.now();
  return { step: wait === 'spools' ? 'webhook-routes' : 'inlet', during: 'do', error, since, waitsFor: wait };
}

function teardownIn({ state }: SourceStore): Teardown {
  if (state.teardown === undefined) throw new Error('the source is not being torn down');
  return state.teardown;
}

function changeTeardown(store: SourceStore, change: (teardown: Teardown) => Teardown): void {
  store.change({ teardown: change(teardownIn(store)) });
}

function inputOf({ state: { uid, manifest, resources } }: SourceStore): OperationInput {
  return { marker: { name: manifest.name, uid }, manifest, resources };
}
