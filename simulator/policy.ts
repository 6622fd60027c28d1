/**
 * Everything about Adobe's services that nobody documents and that the simulator had to choose: one row each, so that a
 * later observation of the real service changes a value and not code. Each row can be changed while the simulator runs
 * (`PATCH /__sim/api/policy`) and when it is started.
 */
import { INSTALLATION, type State } from './state.js';

type PolicyValue = number | boolean | string;

interface PolicyRow<T extends PolicyValue = PolicyValue> {
  readonly default: T;
  /** For a text: the values that mean something. */
  readonly oneOf?: readonly T[];
  /** What the value stands for, and what is known about it. */
  readonly about: string;
}

const number = (fallback: number, about: string): PolicyRow<number> => ({ default: fallback, about });
const flag = (fallback: boolean, about: string): PolicyRow<boolean> => ({ default: fallback, about });
const choice = <const T extends string>(oneOf: readonly T[], about: string): PolicyRow<T> => ({
  default: oneOf[0] as T,
  oneOf,
  about,
});

/** The first value of a choice is its default. Times are in milliseconds of the simulator's clock. */
const POLICY_TABLE = {
  // Edge and tokens
  tokenLifetimeS: number(86_399, 'Life of an access token; Adobe documents 24 hours.'),
  unknownRouteStatus: number(404, 'Answer of the gateway to a path that no service has.'),
  // Sandboxes and lists
  listLagMs: number(0, 'How long a new object is missing from lists and searches; a GET by id sees it at once.'),
  schemaVisibilityLagMs: number(
    0,
    'How long Catalog, Data Prep and Flow Service do not see a new schema that the registry has already answered for.',
  ),
  // Schema Registry
  registryInUseStatus: number(400, 'Refusal to delete a schema that a dataset uses or a field group in use.'),
  registryListLimit: number(300, 'Longest page of a registry list; one page of the documentation says 300.'),
  duplicateIdentityDescriptor: choice(
    ['refuse', 'accept'],
    'A second identity descriptor on the same schema, property and namespace.',
  ),
  // Catalog
  catalogUnknownDelete: choice(['404', 'empty-list'], 'DELETE of a dataset id that does not exist.'),
  catalogDeleteInUse: choice(['allow', 'refuse'], 'DELETE of a dataset that a target connection refers to.'),
  // Data Prep
  mappingSetDelete: choice(['405', '204', '404'], 'DELETE of a mapping set, which no documentation has.'),
  // Flow Service
  flowActivationDelayMs: number(
    5_000,
    'Time between the answer to POST /flows and the flow being enabled with its inlet; the documented sample shows 6 s.',
  ),
  flowTransitionDelayMs: number(0, 'Time that a flow spends in enabling, disabling or updating.'),
  flowStateBeforeEnabled: choice(['initializing', 'pending', 'inProgress'], 'State of a new flow until it is enabled.'),
  flowDeletionVisibleAfterMs: number(
    0,
    'How long a deleted flow still counts as user of its connections (refusal 1447).',
  ),
  unknownConnectionCode: choice(['1101-404', '1439-404'], 'POST /flows with a connection id that does not exist.'),
  flowNamesUnique: flag(false, 'Whether a second flow or connection of the same name is refused.'),
  // Inlet, mapping, lake, Query Service
} as const satisfies Record<string, PolicyRow>;

type Widened<T> = T extends PolicyRow<infer V> ? V : never;

/** The values in force. */
export type Policy = { readonly [K in keyof typeof POLICY_TABLE]: Widened<(typeof POLICY_TABLE)[K]> };

export type PolicyName = keyof Policy;

export interface PolicyStore {
  readonly current: Policy;
  /** Rows with default, value in force and what they stand for. */
  describe(): ReadonlyArray<PolicyRow & { readonly name: string; readonly value: PolicyValue }>;
  /**
   * Changes values; `null` puts one back to its default.
   *
   * @throws PolicyError that names each wrong name or value; nothing is changed then
   */
  change(changes: Readonly<Record<string, unknown>>): void;
}

export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

const KIND = 'policy';

export function createPolicy(state: State, overrides: Partial<Policy> = {}): PolicyStore {
  const stored = state.collection<PolicyValue>(KIND);
  const rows = Object.entries(POLICY_TABLE) as Array<[PolicyName, PolicyRow]>;

  const read = () =>
    Object.fromEntries(rows.map(([name, row]) => [name, stored.get(INSTALLATION, name) ?? row.default])) as Policy;

  const store: PolicyStore & { current: Policy } = {
    current: read(),
    describe: () => rows.map(([name, row]) => ({ name, ...row, value: store.current[name] })),
    change(changes) {
      const problems = Object.entries(changes).flatMap(([name, value]) => problemsOf(name, value));
      if (problems.length > 0) throw new PolicyError(problems.join('; '));
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) stored.delete(INSTALLATION, name);
        else stored.put(INSTALLATION, name, value as PolicyValue);
      }
      store.current = read();
    },
  };
  store.change(overrides);
  return store;
}

function problemsOf(name: string, value: unknown): string[] {
  if (!Object.hasOwn(POLICY_TABLE, name)) return [`there is no policy named ${name}`];
  if (value === null) return [];
  const row: PolicyRow = POLICY_TABLE[name as PolicyName];
  if (typeof value !== typeof row.default) {
    return [`${name} must be a ${typeof row.default}, got ${JSON.stringify(value)}`];
  }
  if (row.oneOf !== undefined && !row.oneOf.includes(value as PolicyValue)) {
    return [`${name} must be one of ${row.oneOf.join(', ')}, got ${JSON.stringify(value)}`];
  }
  return [];
}
