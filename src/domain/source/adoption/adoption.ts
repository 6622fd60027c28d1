/** Taking over a source that somebody made by hand: what a person has decided, and what there is. Plain JSON. */
import type { Difference } from '../comparison.js';
import type { Identity, MappingRow } from '../manifest.js';
import type { StepName } from '../steps.js';
import type { XdmField } from '../xdm/xdmTypes.js';

/** What a person has decided. */
export interface Adoption {
  /** All other objects follow from it. */
  readonly flowId: string;
  /** The flow may lead to another mapping: the next version of the set that it leads to now, or a set of our own. */
  readonly changesMapping?: boolean;
  /** No object gets our mark. */
  readonly unmarked?: boolean;
}

/** Everything that a flow of the Chatlio source consists of. */
export interface FoundObject {
  readonly step: StepName;
  readonly id: string;
  /** Title or name. */
  readonly name: string;
  /** It gets our mark. */
  readonly marked: boolean;
}

/** An object that is not what the manifest, or the source of Chatlio, needs. */
export interface Misfit extends Pick<Difference, 'field' | 'wanted' | 'found'> {
  readonly step: StepName;
}

/** What of the objects a manifest can say. */
export interface FoundManifest {
  readonly fieldGroup: string;
  readonly schema: string;
  readonly dataset: string;
  readonly tags: Readonly<Record<string, readonly string[]>>;
  readonly fields: readonly XdmField[];
  readonly identity?: Identity;
  /** With `{tenant}` in the place of the tenant's node. */
  readonly rows: readonly MappingRow[];
  /** The dataset takes part in Profile, which drops events above 10 KB. */
  readonly isForProfile: boolean;
  /** Sentences: what a manifest cannot say. */
  readonly unsaid: readonly string[];
}

export interface AdoptionReport {
  readonly v: 1;
  readonly sandbox: string;
  readonly flow: { readonly id: string; readonly name: string; readonly state?: string };
  readonly objects: readonly FoundObject[];
  readonly found: FoundManifest;
  /** Of a manifest: what does not fit and cannot be changed by taking it over. */
  readonly misfits: readonly Misfit[];
  /** Of a manifest: rows of the mapping that differ, by destination. */
  readonly mapping: readonly Misfit[];
}
