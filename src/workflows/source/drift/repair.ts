/** One repair of a live source: its actions one after the other, each held where it fails, and the way back. */
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import type { OperationInput } from '../../../domain/delivery/pause.js';
import { concernsFlow, type RepairAction, type RepairPlan } from '../../../domain/drift/repair.js';
import type { Hold, Operation, StepStatus, UndoEntry } from '../../../domain/source/source.js';
import { type Resource, type StepName, STEPS_WITH_DATA } from '../../../domain/source/steps.js';
import { refuse } from '../../refuse.js';
import { replacedSteps } from '../../../domain/source/updating/replacing.js';
import type { Changing } from '../changing.js';
import { failureOf } from '../provisioning.js';
import { leaveToRemoval, leaveUnanswered } from '../replacing.js';
import type { SourceStore } from '../sourceState.js';

/** Why the gate is closed meanwhile. */
const CLOSED_BECAUSE = 'the source is being repaired';
const CLOSED_AFTER_ABORT = 'a repair was aborted: what events go through is not in order at Adobe';

/** A person has decided to undo it. */
export class RepairAborted extends Error {
  override readonly name = 'RepairAborted';
}

interface Over {
  readonly step: StepName;
  readonly resource: Resource;
}

/** What was accepted may still be on its way through them. */
const GOES_IN_ITS_TIME: readonly StepName[] = replacedSteps('flow');

interface Repair {
  /** @returns when events are sent again, ISO 8601; undefined where sending goes on, or awaits an unpause */
  run(): Promise<string | undefined>;
  /** Removes what it has made, last first, and opens the gate where the objects from before can take events. */
  takeBack(): Promise<void>;
}

export function createRepair(
  { store, proxies, decisions, operations }: Omit<Changing, 'removing'>,
  { before, plan, by }: { readonly before: OperationInput; readonly plan: RepairPlan; readonly by?: string },
): Repair {
  const stops = concernsFlow(plan);
  // Ids, inlet and gate move in one step: the state has those from before until all is made.
  let { resources } = before;
  const times = new Map<StepName, Pick<StepStatus, 'startedAt' | 'endedAt'>>();

  const steps: readonly (readonly [StepName, () => Promise<void>])[] = [
    ...(stops ? [['flow', closeGate] as const] : []),
    ...plan.actions.map((action) => [action.step, () => carryOut(action)] as const),
    ...(stops ? [['inlet', moveOver] as const] : []),
  ];

  async function run(): Promise<string | undefined> {
    for (const [step, act] of steps) await untilDone({ step, during: 'do' }, act);
    if (!stops) store.change({ resources });
    for (const { step, id } of plan.actions) {
      const made = resources[step];
      if (made !== undefined && made.id !== id)
        store.changeStep(step, { state: 'made', id: made.id, ...times.get(step) });
    }
    await removeReplaced();
    return stops ? store.state.opensAt : undefined;
  }

  async function closeGate(): Promise<void> {
    await proxies.other.closeGate({ ...before, reason: CLOSED_BECAUSE, reopens: true });
  }

  async function carryOut({ step, how }: RepairAction): Promise<void> {
    switch (how) {
      case 'create':
        return make(step);
      case 'change':
        // Only the gate's own record of it.
        if (step === 'inlet') return;
        resources = { ...resources, [step]: (await proxies.change(step, { ...before, resources })).resource };
        return;
      case 'enable':
        return proxies.other.enableFlow({ ...before, resources });
      default:
        return how satisfies never;
    }
  }

  async function make(step: StepName): Promise<void> {
    const known = entries().find((entry) => entry.step === step);
    // Before it is made, because a create may take effect although its answer never arrives.
    if (known === undefined) changeUndo((undo) => [...undo, { step }]);
    const startedAt = Date.now();
    try {
      const { ambiguousSince } = known ?? {};
      const { resource } = await proxies.perform(step, { ...before, resources, ambiguousSince, besides: from(step) });
      resources = { ...resources, [step]: resource };
      times.set(step, { startedAt, endedAt: Date.now() });
      changeUndo((undo) => undo.map((entry) => (entry.step === step ? { step, resource, ambiguousSince } : entry)));
    } catch (failure) {
      const { ambiguousSince } = failureOf(failure);
      changeUndo((undo) => undo.map((entry) => (entry.step === step ? { ...entry, ambiguousSince } : entry)));
      throw failure;
    }
  }

  async function moveOver(): Promise<void> {
    const { opensAt } = await proxies.perform('inlet', { ...before, resources });
    const { flow } = resources;
    const { paused } = store.state;
    const isNew = flow?.id !== before.resources.flow?.id;
    store.change({
      resources:
        flow === undefined || before.resources.inlet === undefined
          ? resources
          : { ...resources, inlet: { ...before.resources.inlet, id: flow.id } },
      opensAt,
      // A pause had disabled the one before.
      ...(paused?.flowDisabled === true && isNew ? { paused: { ...paused, flowDisabled: undefined } } : {}),
    });
    if (isNew && flow !== undefined) store.changeStep('inlet', { id: flow.id });
  }

  /** Connections and flow go once nothing of what they were sent is unknown; what no event goes through goes at once. */
  async function removeReplaced(): Promise<void> {
    const over = replacedObjects();
    const inTheirTime = over.filter(({ step }) => GOES_IN_ITS_TIME.includes(step));
    if (inTheirTime.length > 0) {
      leaveToRemoval(store, Object.fromEntries(inTheirTime.map(({ step, resource }) => [step, resource])), by);
    }
    await removeAtOnce(over.filter(({ step }) => !GOES_IN_ITS_TIME.includes(step)));
  }

  /** Of ours, those that are there, and are not used any more. */
  function replacedObjects(): Over[] {
    return plan.actions.flatMap(({ step, how, because, adopted }) => {
      const resource = before.resources[step];
      const isOver = how === 'create' && because !== 'gone' && adopted !== true && !STEPS_WITH_DATA.includes(step);
      return isOver && resource !== undefined && resource.id !== resources[step]?.id ? [{ step, resource }] : [];
    });
  }

  /** What stays is named, and is no reason to hold: nothing goes through it any more. */
  async function removeAtOnce(replaced: readonly Over[]): Promise<void> {
    if (replaced.length === 0) return;
    try {
      const { left } = await proxies.other.removeReplaced({ ...before, resources, replaced: replaced.toReversed() });
      leave(left.map((one) => ({ ...one, reason: 'a repair has put another one in its place' })));
    } catch (failure) {
      if (!(failure instanceof ActivityFailure)) throw failure;
      const reason = failureOf(failure).error.code;
      leave(replaced.map(({ step, resource: { id } }) => ({ step, id, reason })));
    }
  }

  async function takeBack(): Promise<void> {
    for (const entry of entries().toReversed()) {
      const { step } = entry;
      await untilDone({ step, during: 'undo' }, async () => {
        const result = await proxies.undo(step, { ...before, resources, entry, besides: from(step) });
        if (result.outcome === 'left') leave([{ step, id: result.id, reason: result.reason }]);
      }).catch((aborted: unknown) => {
        if (!(aborted instanceof RepairAborted)) throw aborted;
        leave([{ step, id: entry.resource?.id, reason: aborted.message }]);
      });
    }
    if (stops) await openAgain();
  }

  async function openAgain(): Promise<void> {
    // A flow that is gone or disabled would be waited for.
    const isInOrder = plan.actions.every(({ how, because }) => how === 'change' || because === 'changed');
    try {
      if (!isInOrder) throw new RepairAborted();
      const { opensAt } = await proxies.perform('inlet', before);
      store.change({ opensAt });
    } catch (failure) {
      if (!(failure instanceof ActivityFailure || failure instanceof RepairAborted)) throw failure;
      await untilDone({ step: 'inlet', during: 'undo' }, () =>
        proxies.other.closeGate({ ...before, reason: CLOSED_AFTER_ABORT, reopens: true }),
      );
    }
  }

  const entries = (): readonly UndoEntry[] => store.state.operation?.undo ?? [];

  function changeUndo(change: (undo: readonly UndoEntry[]) => readonly UndoEntry[]): void {
    const operation = store.state.operation as Operation;
    store.change({ operation: { ...operation, undo: change(operation.undo) } });
  }

  /** What is not to be found again: also if a list that lags still shows it, or if it waits to be removed. */
  function from(step: StepName): readonly string[] {
    const all = [before.resources, ...(store.state.replaced ?? []).map((one) => one.resources)];
    return all.flatMap(({ [step]: resource }) => (resource === undefined ? [] : [resource.id]));
  }

  function leave(remainders: SourceStore['state']['remainders']): void {
    if (remainders.length > 0) store.change({ remainders: [...store.state.remainders, ...remainders] });
  }

  /** @throws RepairAborted when a person aborts */
  async function untilDone(at: Pick<Hold, 'step' | 'during'>, act: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await act();
      } catch (failure) {
        if (!(failure instanceof ActivityFailure)) throw failure;
        const { error } = failureOf(failure);
        const aborted = await decide({ ...at, error, since: Date.now() });
        if (aborted !== undefined) throw new RepairAborted(aborted);
      }
    }
  }

  /** @returns why a person has aborted; undefined to try again */
  async function decide(hold: Hold): Promise<string | undefined> {
    try {
      const decision = await operations.whileLive(() => decisions.awaitDecision(hold));
      return decision.kind === 'abort' ? (decision.input.reason ?? 'no reason given') : undefined;
    } catch (ended) {
      if (!isCancellation(ended)) throw ended;
      // What was made is taken down with the rest, and what may have been.
      store.change({ resources });
      const unanswered = entries().filter(({ resource }) => resource === undefined);
      leaveUnanswered(
        store,
        Object.fromEntries(
          unanswered.flatMap(({ step, ambiguousSince }) =>
            ambiguousSince === undefined ? [] : [[step, ambiguousSince]],
          ),
        ),
      );
      return refuse({ code: 'CAEP_NOT_LIVE', fields: { name: before.marker.name, phase: 'undoing' } });
    }
  }

  return { run, takeBack };
}
