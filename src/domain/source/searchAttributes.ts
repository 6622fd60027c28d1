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

/** Of one that is missing: as the options of the two commands that make it. */
export function missingAttributes(namespace: string, names: readonly string[]): Readonly<Record<string, string>> {
  return {
    namespace,
    missing: names.join(', '),
    options: names.map((name) => `--name ${name} --type Keyword`).join(' '),
    cloudOptions: names.map((name) => `--sa "${name}=Keyword"`).join(' '),
  };
}
