/** Changing what Adobe has of a live source: in one order, held where it fails, and put back where a person says so. */
import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import { stepsFollowing } from '../../domain/source/correction.js';
import type { OperationInput } from '../../domain/delivery/pause.js';
import type { CatalogueError } from '../../domain/errors.js';
import type { Resource, Resources, StepName } from '../../domain/source/steps.js';
import { addsIdentity, renamesSchema, stepsToRename } from '../../domain/source/updatable.js';
import type { UpdateResult } from '../../domain/source/update.js';
import type { Decisions } from '../decisions.js';
import { refuse } from '../refuse.js';
import type { Operations } from './operations.js';
import { failureOf } from './provisioning.js';
import type { SourceStore } from './sourceState.js';
import type { StepProxies } from './stepProxies.js';

export interface Changing {
  readonly store: SourceStore;
  readonly proxies: StepProxies;
  readonly decisions: Decisions;
  readonly operations: Operations;
}

/** Why the gate is closed meanwhile. */
const CLOSED_BECAUSE = 'the source is being updated';

type Changed = Pick<UpdateResult, 'fields' | 'mappingVersion' | 'opensAt'>;

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
  { sending }: { readonly sending: boolean },
): Promise<Changed> {
  const { store, proxies } = changing;
  const prepared = sending ? await proxies.other.prepareUpdate(wanted) : { resources: before.resources, fields: [] };
  const { fields } = prepared;
  const after = { ...wanted, resources: prepared.resources };
  const versionOf = ({ resources }: OperationInput) => resources['mapping-set']?.version;
  const renamed = stepsToRename(before.manifest, wanted.manifest);
  const adds = addsIdentity(before.manifest, wanted.manifest);
  const schemaChanged = fields.length > 0 || adds || renamesSchema(before.manifest, wanted.manifest);
  const mappingChanged = versionOf(after) !== versionOf(before);
  const identity: NewIdentity = { tried: false };
  let aborted: string | undefined;
  let at: StepName = 'flow';

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
        return refuse({ code: 'CAEP_ABORTED', fields: { name: before.marker.name, reason: aborted, ...staying() } });
      }
      const resources = await apply(after, before);
      // The rest follows, once the receivers and the forwarder know it.
      const { delivery, chatlio } = before.manifest;
      const manifest = { ...wanted.manifest, delivery, chatlio };
      store.change({ manifest, resources, steps: stepsFollowing(manifest, store.state.steps) });
      if (identity.resource !== undefined) {
        store.changeStep('identity-descriptor', { state: 'made', id: identity.resource.id, endedAt: Date.now() });
      }
      return sending ? { fields, mappingVersion: versionOf(after), opensAt: store.state.opensAt } : { fields };
    } catch (failure) {
      if (!(failure instanceof ActivityFailure)) throw failure;
      const { error } = failureOf(failure);
      aborted = (await awaitDecision(changing, at, error)) ?? aborted;
    }
  }

  /** What cannot be taken back. */
  function staying(): { readonly stays?: string } {
    const version = versionOf(after);
    const stays = [
      ...(fields.length === 0 ? [] : [`the XDM fields ${fields.join(', ')}`]),
      ...(mappingChanged && version !== undefined ? [`version ${version} of the mapping set`] : []),
    ];
    return stays.length === 0 ? {} : { stays: stays.join(' and ') };
  }
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
