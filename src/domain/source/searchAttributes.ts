/** By what sources and their forwarders are found in Temporal's list, also from its UI. */
interface Keyword {
  readonly name: string;
  readonly type: 'KEYWORD';
}

const keyword = (name: string): Keyword => ({ name, type: 'KEYWORD' });

export const SOURCE_NAME = keyword('SourceName');
export const SOURCE_PHASE = keyword('SourcePhase');
export const HELD_REASON = keyword('HeldReason');

export const SEARCH_ATTRIBUTE_NAMES = [SOURCE_NAME, SOURCE_PHASE, HELD_REASON].map(({ name }) => name);
