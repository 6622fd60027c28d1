/** By what sources and their forwarders are found in Temporal's list, also from its UI. */
interface Keyword {
  readonly name: string;
  readonly type: 'KEYWORD';
}

const keyword = (name: string): Keyword => ({ name, type: 'KEYWORD' });

export const SOURCE_NAME = keyword('SourceName');
export const SOURCE_PHASE = keyword('SourcePhase');
export const HELD_REASON = keyword('HeldReason');

/** Of what others have changed in Adobe the worst: `gone`, `disabled` or `changed`. */
export const SOURCE_DRIFT = keyword('SourceDrift');

/** Without them a workflow task fails. */
export const SEARCH_ATTRIBUTE_NAMES = [SOURCE_NAME, SOURCE_PHASE, HELD_REASON].map(({ name }) => name);
/** Set only where the namespace is known to have it: one that 0.2 has used may lack it, and who runs a worker may not always make it. */
export const OPTIONAL_SEARCH_ATTRIBUTE_NAMES = [SOURCE_DRIFT.name];
