/**
 * Everything about Adobe's services that nobody documents and that the simulator had to choose: one row each, so that a
 * later observation of the real service changes a value and not code. Each row can be changed while the simulator runs
 * (`PATCH /__sim/api/policy`) and when it is started.
 */
import { INSTALLATION, type State } from './state/state.js';

type PolicyValue = number | boolean | string;

interface PolicyRow<T extends PolicyValue = PolicyValue> {
  readonly default: T;
  /** For a text: the values that mean something. */
  readonly oneOf?: readonly T[];
  /** What the value stands for, and what is known about it. */
  readonly about: string;
}

const number = (fallback: number, about: string): PolicyRow<number> => ({ default: fallback, about });
const text = (fallback: string, about: string): PolicyRow<string> => ({ default: fallback, about });
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
  refuseSandboxIdHeader: flag(true, 'Whether x-sandbox-id is refused (2110-400); documented for user tokens.'),
  listLagMs: number(0, 'How long a new object is missing from lists and searches; a GET by id sees it at once.'),
  schemaVisibilityLagMs: number(
    0,
    'How long Catalog, Data Prep and Flow Service do not see a new schema that the registry has already answered for.',
  ),
  // Schema Registry
  registryInvalidCode: text('XDM-1400-400', 'Code for a body that breaks a rule which has no documented code.'),
  registryReferenceCode: text(
    'XDM-1401-400',
    'Code for a reference to a resource that does not exist or does not fit.',
  ),
  registryFieldNameCode: text('XDM-1022-400', 'Code for a field name with characters that are not allowed.'),
  registryInUseCode: text('XDM-1403-400', 'Code for deleting a schema that a dataset uses, or a field group in use.'),
  registryDestructiveCode: text(
    'XDM-1404-400',
    'Code for a change that is not additive once a dataset uses the schema.',
  ),
  registryDescriptorCode: text('XDM-1405-400', 'Code for a descriptor that breaks a rule.'),
  registryListLimit: number(300, 'Longest page of a registry list; one page of the documentation says 300.'),
  schemaDeleteTakesDescriptors: flag(true, 'Whether the descriptors of a deleted schema go with it.'),
  descriptorReplaceStatus: number(201, 'Answer to PUT of a descriptor: 201 in the pages, 200 in the OpenAPI file.'),
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
  flowInvalidCode: text('1100-400', 'Code for a body that breaks a rule which has no documented code.'),
  flowListLimit: number(20, 'Page of a Flow Service list when no limit is given.'),
  flowListLongest: number(100, 'Longest page of a Flow Service list.'),
  flowBadTokenCode: text('1452-400', 'Code for a continuationToken that was not issued.'),
  flowDeleteRefusedStates: text('updating,enabling,disabling', 'States in which a flow cannot be deleted (1458).'),
  flowActivationDelayMs: number(
    5_000,
    'Time between the answer to POST /flows and the flow being enabled with its inlet; the documented sample shows 6 s.',
  ),
  flowTransitionDelayMs: number(0, 'Time that a flow spends in enabling, disabling or updating.'),
  flowActivationError: text(
    '',
    'Not empty: a flow that is new, published or to be enabled stays on its way, and its lastOperation has this error. The form of an error is not documented.',
  ),
  flowStateBeforeEnabled: choice(['initializing', 'pending', 'inProgress'], 'State of a new flow until it is enabled.'),
  flowDeletionVisibleAfterMs: number(
    0,
    'How long a deleted flow still counts as user of its connections (refusal 1447).',
  ),
  unknownConnectionCode: choice(['1101-404', '1439-404'], 'POST /flows with a connection id that does not exist.'),
  flowNamesUnique: flag(false, 'Whether a second flow or connection of the same name is refused.'),
  // Inlet, mapping, lake, Query Service
  unknownInletStatus: number(404, 'Answer to an inlet id that does not exist.'),
  inletWrongMethodStatus: number(405, 'Answer of the inlet to another method than POST.'),
  inletWrongTypeStatus: number(415, 'Answer of the inlet to a body that is not declared as JSON.'),
  inletBodyLimitBytes: number(1_000_000, 'Longest request; "1 MB" is documented, 10^6 or 2^20 is not said.'),
  inletRequestsPerSecond: number(0, 'Requests per inlet and second above which the answer is 429; 0: no limit.'),
  inletSyncPerMinute: number(60, 'Synchronous validations per inlet and minute; documented.'),
  inletSyncOnBatch: choice(['refuse', 'ignore'], 'syncValidation on the batch endpoint.'),
  inletDatacentre: choice(['VA7', 'other'], 'Synchronous validation exists in VA7 only; elsewhere the answer is 501.'),
  inletAllowedAddresses: text('', 'Comma separated addresses that may call the inlet (beta); empty: all.'),
  inletIdKey: choice(
    ['inletId', 'inletID'],
    'Spelling in success bodies; the specification contradicts its own example.',
  ),
  xactionIdStyle: choice(['numbers', 'uuid'], '`ts:n:n` of the tutorials, `uuid-index` of the Kafka connector.'),
  receivedTimeMsAsString: flag(false, 'Number in tutorials, text in an example of the specification.'),
  includeFlowId: flag(false, 'Whether success bodies of mapped flows name the flow.'),
  includeSyncSkipped: flag(true, 'Whether asynchronous success bodies say that validation was skipped.'),
  batchFailureKey: choice(['statusCode', 'status'], 'Key of the status in failure elements of a 207.'),
  batchFailureHasXactionId: flag(false, 'Whether failure elements of a 207 carry an xactionId.'),
  missingFlowId: choice(['400', 'drop', 'accept'], 'Mapped inlet, flow id absent or of no flow of this inlet.'),
  disabledFlow: choice(['drop', '400'], 'Data for a flow that is not enabled.'),
  missingSandboxHeader: choice(['ignore', '400'], 'The specification requires x-sandbox-name, no tutorial sends it.'),
  expiredTokenStatus: choice(['403', '401'], 'Authenticated inlet, token not valid; two tutorials disagree.'),
  http503Accepted: flag(false, 'Whether a 503 placed as `status503` follows acceptance.'),
  settleWindowMs: number(
    300_000,
    'Data sent this soon after a change of the flow is answered 200 and lost; advised: 5 min.',
  ),
  missingAttributeInMapping: choice(['null', 'rowError'], 'A mapping names an attribute that this record lacks.'),
  iifEvaluation: choice(['lazy', 'eager'], 'Whether iif evaluates the branch that it does not take.'),
  previewIsMilder: flag(
    false,
    'Whether a preview takes lacking attributes for null and iif for lazy where ingestion does not.',
  ),
  iterationShape: choice(
    ['value', 'object'],
    'What emails[*].name → pi[*].names writes: the value, or {"name": value}, as the sample of the page shows it.',
  ),
  iterationIntoField: choice(['array', 'rowError'], 'A source with [*] for a destination without.'),
  unevenArrays: choice(['longest', 'shortest', 'fail'], 'arrays_to_objects with arrays of different lengths.'),
  membersWithoutField: choice(
    ['refuse', 'drop'],
    'Members that the XDM item has no field for, in an array that is mapped whole; of an object they are dropped.',
  ),
  nullInStructures: choice(['refuse', 'drop'], 'null inside of an array or an object that is mapped whole.'),
  conversionInStructures: choice(
    ['no', 'yes'],
    'Whether values inside of an array or an object that is mapped whole are converted to the types of their fields.',
  ),
  futureTimestamp: choice(['accept', 'reject'], 'Events with a timestamp in the future; it "should" lie in the past.'),
  emptyStringOnIdentity: choice(['accept', 'reject'], 'An empty text in an identity field.'),
  schemaCacheMs: number(0, 'How long streaming validation does not see a changed schema; up to 15 min are documented.'),
  lakeDelayMs: number(900_000, 'From acceptance to the row being visible; documented as under 60 min.'),
  profileDelayMs: number(60_000, 'From acceptance to Profile; older pages say under 60 s.'),
  profileDedupScope: choice(['dataset', 'sandbox'], 'Where Profile looks for an event with the same _id.'),
  lakeOutage: flag(false, 'While true nothing accepted becomes visible in the lake.'),
  observabilityInletFilter: text('inletId', 'Name of the filter for inlets in metric requests.'),
  queryServiceTls: flag(true, 'Whether Query Service wants TLS (sslmode=require), with a certificate of its own.'),
  queryTokenLifetimeMs: number(86_400_000, 'Life of expiring Query Service credentials; 24 h are documented.'),
} as const satisfies Record<string, PolicyRow>;

type Widened<T> = T extends PolicyRow<infer V> ? V : never;

/** The values in force. */
export type Policy = { readonly [K in keyof typeof POLICY_TABLE]: Widened<(typeof POLICY_TABLE)[K]> };

type PolicyName = keyof Policy;

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
