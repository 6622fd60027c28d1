/** Changing what Adobe has of a live source: in one order, held where it fails, and put back where a person says so. */
import { ActivityFailure, isCancellation, patched } from '@temporalio/workflow';
import { stepsFollowing } from '../../domain/source/correction.js';
import type { OperationInput } from '../../domain/delivery/pause.js';
import type { CatalogueError, ErrorCode } from '../../domain/errors.js';
import type { Resource, Resources, StepName } from '../../domain/source/steps.js';
import { addsIdentity, changesFields, renamesSchema, stepsToRename } from '../../domain/source/updating/updatable.js';
import { type Replacement, replacedSteps } from '../../domain/source/updating/replacing.js';
import type { UpdateInput, UpdateResult } from '../../domain/source/update.js';
import type { Decisions } from '../decisions.js';
import { refuse } from '../refuse.js';
import type { Operations } from './operations.js';
import { failureOf } from './provisioning.js';
import type { Removing } from './removing.js';
import { changeSide, makeReplacement, replacedBy } from './replacing.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

export interface Changing {
  readonly store: SourceStore;
  readonly proxies: StepProxies;
  readonly decisions: Decisions;
  readonly operations: Operations;
  readonly removing: Removing;
}

/** Why the gate is closed meanwhile. */
const CLOSED_BECAUSE = 'the source is being updated';

/** Of these only `repair` or `unpause` helps, which cannot begin as long as an update is held. */
function endsAbort(code: ErrorCode): boolean {
  // Runs of 0.2 held again where they met one of the others.
  return code === 'CAEP_RESOURCE_GONE' || (OUT_OF_ORDER.has(code) && patched('abort-ends-out-of-order'));
}

const OUT_OF_ORDER: ReadonlySet<ErrorCode> = new Set([
  'CAEP_FLOW_GONE',
  'CAEP_FLOW_NOT_ENABLED',
  'CAEP_MAPPING_SET_GONE',
]);

type Changed = Pick<UpdateResult, 'fields' | 'mappingVersion' | 'opensAt' | 'replaced'>;

/** An identity descriptor that the update makes: of what an abort takes away. */
interface NewIdentity {
  tried: boolean;
  resource?: Resource;
  ambiguousSince?: number;
}

/**
 * @param options.sending it concerns what is sent: the gate is closed meanwhile
 * @throws ApplicationFailure `CAEP_ABORTED` when a person has aborted, once everything is as before
 */
export async function changeAtAdobe(
  changing: Changing,
  before: OperationInput,
  wanted: OperationInput,
  { sending, replace, by }: { readonly sending: boolean } & Pick<UpdateInput, 'replace' | 'by'>,
): Promise<Changed> {
  const { store, proxies } = changing;
  const prepared = sending ? await proxies.other.prepareUpdate(wanted) : { resources: before.resources, fields: [] };
  const { fields } = prepared;
  const versionOf = ({ resources }: Pick<OperationInput, 'resources'>) => resources['mapping-set']?.version;
  // A new dataset has its name already, and the old one keeps its own.
  const renamed = stepsToRename(before.manifest, wanted.manifest).filter(
    (step) => step !== 'dataset' || replace !== 'dataset',
  );
  const adds = addsIdentity(before.manifest, wanted.manifest);
  const schemaChanged =
    fields.length > 0 ||
    adds ||
    changesFields(before.manifest, wanted.manifest) ||
    renamesSchema(before.manifest, wanted.manifest);
  const mappingChanged = versionOf(prepared) !== versionOf(before);
  const identity: NewIdentity = { tried: false };
  let aborted: string | undefined;
  let at: StepName = 'flow';
  const ask = (step: StepName, error: CatalogueError) => awaitDecision(changing, step, error);
  const made =
    replace === undefined
      ? undefined
      : await makeReplacement(
          { store, proxies, awaitDecision: ask },
          { ...wanted, resources: prepared.resources },
          replace,
        );
  if (made?.aborted !== undefined) return takeBack(made.aborted);
  const after = { ...wanted, resources: made?.resources ?? prepared.resources };

  const apply = async (target: OperationInput, other: OperationInput): Promise<Resources> => {
    at = 'flow';
    if (sending) await proxies.other.closeGate({ ...before, reason: CLOSED_BECAUSE, reopens: true });
    for (at of renamed) await proxies.change(at, { ...target, before: other.manifest });
    if (adds) {
      at = 'identity-descriptor';
      await (target === after ? makeIdentity(proxies, after, identity) : unmakeIdentity(proxies, after, identity));
    }
    at = 'flow';
    const { resource } = identity;
    const resources = { ...target.resources, ...(resource === undefined ? {} : { 'identity-descriptor': resource }) };
    if (!sending) return resources;
    const { opensAt, contents } = await proxies.other.applyUpdate({
      ...target,
      resources,
      schemaChanged,
      mappingChanged,
    });
    store.change({ opensAt });
    // What was taken whole before the abort is sent, and cannot be sent as it was cut.
    if (aborted !== undefined && contents !== undefined) store.change({ manifest: { ...before.manifest, contents } });
    return resources;
  };

  for (;;) {
    try {
      if (aborted !== undefined) {
        await apply(before, after);
        return takeBack(aborted);
      }
      const resources = await apply(after, before);
      // The rest follows, once the receivers and the forwarder know it.
      const { delivery, chatlio } = before.manifest;
      const manifest = { ...wanted.manifest, delivery, chatlio };
      store.change({ manifest, resources, steps: stepsFollowing(manifest, store.state.steps) });
      const replaced =
        made && replace && finishReplacement(store, before.resources, resources, { ...made, replacement: replace, by });
      if (identity.resource !== undefined) {
        store.changeStep('identity-descriptor', { state: 'made', id: identity.resource.id, endedAt: Date.now() });
      }
      if (!sending) return { fields };
      return { fields, mappingVersion: versionOf(after), ...(replaced && { replaced }), opensAt: store.state.opensAt };
    } catch (failure) {
      if (!(failure instanceof ActivityFailure)) throw failure;
      const { error } = failureOf(failure);
      // What somebody has deleted or disabled meanwhile cannot be put back, and nothing can be sent: the gate stays closed.
      if (aborted !== undefined && endsAbort(error.code)) return takeBack(aborted);
      aborted = (await ask(at, error)) ?? aborted;
    }
  }

  /** Everything is as before; what was made for it is removed. */
  function takeBack(reason: string): never {
    if (made !== undefined) {
      changeSide(store, made.generation, (one) => ({ ...one, why: 'aborted' }));
      changing.removing.begin();
    }
    return refuse({ code: 'CAEP_ABORTED', fields: { name: before.marker.name, reason, ...staying() } });
  }

  /** What cannot be taken back. */
  function staying(): { readonly stays?: string } {
    const version = versionOf(prepared);
    const stays = [
      ...(fields.length === 0 ? [] : [`the XDM fields ${fields.join(', ')}`]),
      ...(mappingChanged && version !== undefined ? [`version ${version} of the mapping set`] : []),
    ];
    return stays.length === 0 ? {} : { stays: stays.join(' and ') };
  }
}

/** In one step with the ids: the objects from before are on the list of what is to be removed. */
function finishReplacement(
  store: SourceStore,
  before: Resources,
  after: Resources,
  made: { readonly generation: number; readonly replacement: Replacement; readonly by?: string },
): { readonly flow: string; readonly by: string } {
  const { flow, inlet } = after;
  const startedAt = store.state.replaced?.find(({ generation }) => generation === made.generation)?.since;
  const replaced = replacedBy(store, before, made);
  const { paused, resources } = store.state;
  store.change({
    replaced,
    ...(flow === undefined || inlet === undefined
      ? {}
      : { resources: { ...resources, inlet: { ...inlet, id: flow.id } } }),
    // A pause had disabled the one before.
    ...(paused?.flowDisabled === true ? { paused: { ...paused, flowDisabled: undefined } } : {}),
  });
  store.changeStep('inlet', { id: flow?.id });
  for (const step of replacedSteps(made.replacement)) {
    store.changeStep(step, { state: 'made', id: after[step]?.id, startedAt, endedAt: Date.now() });
  }
  return { flow: before.flow?.id ?? '', by: flow?.id ?? '' };
}

async function makeIdentity(proxies: StepProxies, input: OperationInput, identity: NewIdentity): Promise<void> {
  if (identity.resource !== undefined) return;
  const { ambiguousSince } = identity;
  identity.tried = true;
  try {
    identity.resource = (await proxies.perform('identity-descriptor', { ...input, ambiguousSince })).resource;
  } catch (failure) {
    identity.ambiguousSince = failureOf(failure).ambiguousSince;
    throw failure;
  }
}

async function unmakeIdentity(proxies: StepProxies, input: OperationInput, identity: NewIdentity): Promise<void> {
  if (!identity.tried) return;
  const { resource, ambiguousSince } = identity;
  // It holds no events: it says what they mean, and before the update nothing said so.
  const entry = { step: 'identity-descriptor', resource, ambiguousSince, deletesData: true } as const;
  await proxies.undo('identity-descriptor', { ...input, entry });
  identity.resource = undefined;
  identity.tried = false;
}

/** @returns why a person has aborted; undefined to try again */
async function awaitDecision(
  { store, decisions, operations }: Changing,
  step: StepName,
  error: CatalogueError,
): Promise<string | undefined> {
  const hold = { step, during: 'do', error, since: Date.now() } as const;
  try {
    const decision = await operations.whileLive(() => decisions.awaitDecision(hold));
    return decision.kind === 'abort' ? (decision.input.reason ?? 'no reason given') : undefined;
  } catch (ended) {
    if (!isCancellation(ended)) throw ended;
    return refuse({ code: 'CAEP_NOT_LIVE', fields: { name: store.state.manifest.name, phase: 'undoing' } });
  }
}
