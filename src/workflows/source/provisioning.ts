import { ActivityFailure, ApplicationFailure, isCancellation, patched } from '@temporalio/workflow';
import { stepsFollowing } from '../../domain/source/correction.js';
import type { CatalogueError } from '../../domain/errors.js';
import type { Manifest } from '../../domain/source/manifest.js';
import { messageOf } from '../../domain/messageOf.js';
import type { StepFailureDetails, StepInput } from '../../domain/source/provisioning.js';
import type { Operation, UndoEntry } from '../../domain/source/source.js';
import type { StepName } from '../../domain/source/steps.js';
import type { Decisions } from '../decisions.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

/** Thrown when a person has decided to undo the operation instead of going on. */
export class OperationAborted extends Error {
  override readonly name = 'OperationAborted';
}

/** What a failed step activity says, also when it could not say anything (a timeout). */
export function failureOf(failure: unknown): StepFailureDetails {
  const cause = failure instanceof ActivityFailure ? failure.cause : failure;
  if (cause instanceof ApplicationFailure) {
    const details = cause.details?.[0] as StepFailureDetails | undefined;
    if (details?.error !== undefined) return details;
    return { error: { code: 'CAEP_INTERNAL', fields: { reason: cause.message } }, ambiguousSince: Date.now() };
  }
  const error: CatalogueError = {
    code: 'CAEP_ADOBE_AMBIGUOUS',
    fields: { adobe: messageOf(cause) },
  };
  return { error, ambiguousSince: Date.now() };
}

/**
 * Makes every step that is not made yet, in order. A step that cannot succeed holds for a person; what was made stands.
 *
 * @param taking.adopt what stands in the place of a step is taken over at once
 * @param taking.adoption the objects of a flow are
 * @throws OperationAborted when a person aborts; a cancellation when the workflow is cancelled
 */
export async function provision(
  store: SourceStore,
  proxies: StepProxies,
  decisions: Decisions,
  taking: Taking,
): Promise<void> {
  if (store.state.operation === undefined) {
    store.change({ operation: { kind: 'provision', startedAt: Date.now(), by: taking.by, undo: [] } });
  }
  // Looked for anew each time: a corrected manifest may ask for other steps.
  for (;;) {
    const next = store.state.steps.find(({ state }) => state !== 'made' && state !== 'adopted');
    if (next === undefined) return;
    await makeStep(next.step, store, proxies, decisions, taking);
  }
}

/** What somebody else has made, and may be used. */
type Taking = Required<Pick<StepInput, 'adopt'>> & Pick<StepInput, 'adoption'> & Pick<Operation, 'by'>;

/** The flow is known beforehand, and is given back also where it was not answered that it leads to another mapping. */
function takenOver(step: StepName, { adoption }: Taking): Pick<UndoEntry, 'resource'> {
  if (step !== 'flow' || adoption === undefined) return {};
  return { resource: { kind: 'flow', id: adoption.flowId, origin: 'adopted' } };
}

async function makeStep(
  step: StepName,
  store: SourceStore,
  proxies: StepProxies,
  decisions: Decisions,
  taking: Taking,
): Promise<void> {
  // Before the step, because a create may take effect although its answer never arrives.
  changeUndo(store, (undo) => [...undo, { step, ...takenOver(step, taking) }]);
  let { adopt } = taking;
  for (;;) {
    store.changeStep(step, { state: 'running', startedAt: Date.now() });
    try {
      const { uid, manifest, resources, operation } = store.state;
      const ambiguousSince = operation?.undo.find((entry) => entry.step === step)?.ambiguousSince;
      const { resource, opensAt } = await proxies.perform(step, {
        marker: { name: manifest.name, uid },
        manifest,
        resources,
        adopt,
        ...(taking.adoption === undefined ? {} : { adoption: taking.adoption }),
        ambiguousSince,
      });
      changeUndo(store, (undo) =>
        undo.map((entry) => (entry.step === step ? { step, resource, ambiguousSince } : entry)),
      );
      store.change({
        resources: { ...store.state.resources, [step]: resource },
        ...(opensAt === undefined ? {} : { opensAt }),
      });
      store.changeStep(step, {
        state: resource.origin === 'adopted' ? 'adopted' : 'made',
        id: resource.id,
        endedAt: Date.now(),
      });
      return;
    } catch (failure) {
      const { error, ambiguousSince } = failureOf(failure);
      changeUndo(store, (undo) => undo.map((entry) => (entry.step === step ? { ...entry, ambiguousSince } : entry)));
      if (isCancellation(failure)) throw failure;
      if (!(failure instanceof ActivityFailure)) throw failure;
      store.changeStep(step, { state: 'held' });
      const decision = await decisions.awaitDecision({ step, during: 'do', error, since: Date.now() });
      if (decision.kind === 'abort') throw new OperationAborted(decision.input.reason ?? 'no reason given');
      adopt = decision.input.adopt ?? taking.adopt;
      if (decision.input.manifest !== undefined) correct(store, decision.input.manifest);
      // What it may have made all the same, its undo entry still finds.
      if (!store.state.steps.some((row) => row.step === step)) return;
    }
  }
}

function correct(store: SourceStore, manifest: Manifest): void {
  // Runs of 0.1.0 kept to the steps of the manifest that they began with.
  const steps = patched('steps-follow-manifest') ? stepsFollowing(manifest, store.state.steps) : store.state.steps;
  store.change({ manifest, steps });
}

function changeUndo(store: SourceStore, change: (undo: readonly UndoEntry[]) => readonly UndoEntry[]): void {
  const operation = store.state.operation as Operation;
  store.change({ operation: { ...operation, undo: change(operation.undo) } });
}
