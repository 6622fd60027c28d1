/** A new pair of connections and a new flow in the place of those of a live source, and what becomes of the old ones. Plain JSON. */
import { counted } from '../../counted.js';
import type { OperationInput } from '../../delivery/pause.js';
import type { CatalogueError } from '../../errors.js';
import type { Resource, Resources, StepName } from '../steps.js';

/** What an update makes anew: the connections and the flow; `dataset`: also that. */
export const REPLACEMENTS = ['flow', 'dataset'] as const;

export type Replacement = (typeof REPLACEMENTS)[number];

/** In their order: what Adobe does not reflect by a PATCH ("Update dataflows using the Flow Service API"). */
export function replacedSteps(replacement: Replacement): readonly StepName[] {
  return [...(replacement === 'dataset' ? (['dataset'] as const) : []), ...WITHOUT_DATA];
}

const WITHOUT_DATA = ['source-connection', 'target-connection', 'flow'] as const satisfies readonly StepName[];

/** What of a flow is not known yet: as long as there is something, it stays. */
export interface FlowOutstanding {
  /** Events that were sent to it and are looked for in the lake, or about to be. */
  readonly count: number;
  /** For a person to decide. */
  readonly held: number;
  /** Something was sent to it, or might have been. */
  readonly used: boolean;
}

/**
 * Objects beside those that the source uses: from before, or of a replacement that was not brought to its end. Carried on until
 * they are removed.
 */
export interface Replaced {
  /** By which they are marked: see `Marker`. */
  readonly generation: number;
  /** `making`: an update makes them now; `ready`: it has, and the source may begin to use them; `aborted`: it does not after all. */
  readonly why: 'replaced' | 'making' | 'ready' | 'aborted';
  /** Milliseconds since the epoch, workflow time. */
  readonly since: number;
  readonly by?: string;
  readonly resources: Resources;
  /** A create whose answer was lost. */
  readonly ambiguous?: { readonly [S in StepName]?: number };
  /** A dataset that nothing was sent to is removed with them; one that holds events stays. */
  readonly dataset: 'none' | 'new' | 'kept';
  readonly awaiting?: FlowOutstanding & { readonly lookedAt: number };
  /** Why they could not be removed when it was tried last. */
  readonly error?: CatalogueError;
}

export interface ReplacingActivities {
  countOfFlow(input: OperationInput & { readonly flowId: string }): Promise<FlowOutstanding>;
}

/** They are to be removed in their time. */
export function isDue({ why }: Replaced): boolean {
  return why === 'replaced' || why === 'aborted';
}

/** Nothing is known by them any more. */
export function mayGo({ count, held }: FlowOutstanding): boolean {
  return count + held === 0;
}

/** How to undo a step of which there is an object beside that of the source. */
interface EntryBeside {
  readonly step: StepName;
  readonly generation: number;
  readonly resource?: Resource;
  readonly ambiguousSince?: number;
  readonly deletesData?: boolean;
  readonly deletesAdopted?: boolean;
}

/** What is to be taken away, in the order in which it was made. */
export function entriesOf(
  { generation, resources, ambiguous, dataset, awaiting, why }: Replaced,
  {
    deletesData = false,
    deletesAdopted = false,
  }: { readonly deletesData?: boolean; readonly deletesAdopted?: boolean } = {},
): EntryBeside[] {
  const unused = dataset === 'new' && (why === 'making' || awaiting?.used === false);
  const steps: readonly StepName[] = [...(deletesData || unused ? (['dataset'] as const) : []), ...WITHOUT_DATA];
  return steps.map((step) => ({
    step,
    generation,
    resource: resources[step],
    ambiguousSince: ambiguous?.[step],
    ...(step === 'dataset' ? { deletesData: true } : {}),
    ...(deletesAdopted ? { deletesAdopted } : {}),
  }));
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15 * 60_000;

/** Until the next look: growing with the time that has passed, so that a wait of days is a history of few events. */
export function pauseBetweenLooks(looks: number): number {
  return Math.min(FIRST_PAUSE_MS * 1.3 ** Math.min(looks, 60), LONGEST_PAUSE_MS);
}

/** `2 events that were sent to it are to be confirmed; 1 is to be decided`. */
export function awaitedOfFlow({ count, held }: FlowOutstanding): string {
  return [
    ...(count === 0
      ? []
      : [`${counted(count, 'event')} that went to it ${count === 1 ? 'is' : 'are'} to be confirmed`]),
    ...(held === 0 ? [] : [`${counted(held, 'held event')} to be decided`]),
  ].join('; ');
}
