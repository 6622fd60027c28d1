/** What a step is: three calls to Adobe (or to our own store), told apart so that one runner can make all of them durable. */
import type { AdobeClients } from '../../adobe/clients.js';
import type { AdobeCallError } from '../../adobe/http/errors.js';
import type { Comparison } from '../../domain/source/comparison.js';
import type { StepInput, StepResult } from '../../domain/source/provisioning.js';
import type { Manifest } from '../../domain/source/manifest.js';
import type { Resource, Resources, StepName } from '../../domain/source/steps.js';
import type { ProvisioningStore } from '../../store/sources/provisioning.js';

export interface StepContext extends Pick<StepInput, 'marker' | 'manifest' | 'resources' | 'adopt'> {
  /** What the manifest said before: what of it is not wanted any more is taken away. */
  readonly before?: Manifest;
  /** Clients bound to the manifest's sandbox. */
  readonly adobe: AdobeClients;
  readonly store: ProvisioningStore;
  readonly minimumSettleWindowMs: number;
  /** Absent: any. */
  readonly minimumLakeLatencyMs?: number;
  /** Ends waiting when the activity is cancelled; never ends a create that is under way. */
  readonly signal: AbortSignal;
}

/** What stands in Adobe for a step. */
export interface Standing {
  /** Objects that carry our marker with our uid, more than one after creates whose answers were lost; else those that we have adopted and marked. */
  readonly ours: readonly Resource[];
  /** An object in our place that is not ours, described for a person. */
  readonly foreign?: { readonly resource: Resource; readonly label: string; readonly taken: 'title' | 'name' };
}

export interface Step {
  readonly name: StepName;
  /** What `lookup` itself reads of earlier steps; without it nothing of this step can exist. */
  readonly needs?: readonly StepName[];
  /** How the object is called, for people. */
  label(context: StepContext): string;
  lookup(context: StepContext): Promise<Standing>;
  create(context: StepContext): Promise<Resource>;
  /** Every field of the object that a manifest decides, wanted and found. `gone`: Adobe has no such object any more. */
  compare(context: StepContext, resource: Resource): Promise<Comparison>;
  /** What stands in our place according to a refused create: a list may lag, a refusal does not. */
  standingAfterRefusal?(context: StepContext, refusal: AdobeCallError): Promise<Standing | undefined>;
  /** Deletes one object; `left` when there is no documented way to. Gone already counts as deleted. */
  remove(context: StepContext, resource: Resource): Promise<'deleted' | 'left'>;
  /** Of several objects of ours, the ids that later objects refer to. */
  referenced?(context: StepContext): Promise<readonly string[]>;
  /**
   * After the object is there: what else is wanted before the step counts as made.
   *
   * @param found it was there before
   */
  complete?(context: StepContext, resource: Resource, found: boolean): Promise<Partial<StepResult>>;
  /**
   * Makes an object that is there what the manifest says, where it stands. May be done again after its answer was lost. Adopted
   * objects keep their descriptions, and the names that the manifest does not give.
   *
   * @throws CodedError `CAEP_RESOURCE_GONE`
   */
  change?(context: StepContext, resource: Resource): Promise<Resource>;
}

/** The resource that an earlier step made; steps run in the order of their dependencies, so it must be there. */
export function made(resources: Resources, step: StepName): Resource {
  const resource = resources[step];
  if (resource === undefined) throw new Error(`the step ${step} has not been made yet`);
  return resource;
}
