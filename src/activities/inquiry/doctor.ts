import { CHATLIO_CONNECTION_SPEC, STREAMING_FLOW_SPEC } from '../../adobe/constants.js';
import type { Adobe, AdobeClients } from '../../adobe/clients.js';
import { areCommitsFinal, describeDurability, type Durability, flawsOf } from '../../domain/durability.js';
import { codedError, sentenceOf } from '../../domain/errors.js';
import type { DoctorReport, Finding } from '../../domain/plan.js';
import { readTurnedAway, type TurnedAway } from '../../store/heldPlace.js';
import type { ProcessKeys } from '../../store/processKeys.js';
import type { Database } from '../../store/database.js';
import { readDeliveryHealth } from '../../store/deliveryHealth.js';
import { readReceivers } from '../../store/receiverReports.js';
import { toCatalogueError } from '../failures.js';
import { deliveryFindings, receiverFindings } from './deliveryFindings.js';
import { compareKeys } from './keysFinding.js';
import { checkLake } from './lakeFinding.js';

export interface DoctorDeps {
  readonly adobe: Adobe;
  /** Throws when PostgreSQL does not answer; answers its version. */
  readonly databaseVersion: () => Promise<string>;
  /** With which keys each running worker and receiver works. */
  readonly processKeys: () => Promise<readonly ProcessKeys[]>;
  /** Whether what it commits is kept. */
  readonly durability: () => Promise<Durability>;
  readonly database: Database;
  /** Difference of the database's clock to this process's, ms. */
  readonly clockSkewMs: () => Promise<number>;
  /** See `src/configuration.ts`. */
  readonly queryServiceUrl?: string;
}

/** Leases are kept by the database's clock and checked by the worker's; more skew than this makes both slow. */
const TOLERABLE_SKEW_MS = 2_000;

interface Check {
  readonly check: string;
  /** Checks that must be well first: what has failed there is told there, once. */
  readonly needs: readonly string[];
  readonly run: () => Promise<string | Omit<Finding, 'check'> | readonly Finding[]>;
}

/** Everything on the worker's side that provisioning and forwarding need, each with its fix. */
export async function doctorReport(deps: DoctorDeps, sandbox: string): Promise<DoctorReport> {
  const findings: Finding[] = [];
  const missing = new Set<string>();
  for (const one of checks(deps, deps.adobe.forSandbox(sandbox), sandbox)) {
    const cause = one.needs.find((need) => missing.has(need));
    const found = cause === undefined ? await carryOut(one, sandbox) : [needsIt(one.check, cause)];
    findings.push(...found);
    if (found.some(({ state }) => state === 'failed' || state === 'skipped')) missing.add(one.check);
  }
  return { v: 1, findings };
}

async function carryOut({ check, run }: Check, sandbox: string): Promise<readonly Finding[]> {
  try {
    const found = await run();
    if (typeof found === 'string') return [{ check, state: 'ok', detail: found }];
    return 'state' in found ? [{ check, ...found }] : found;
  } catch (failure) {
    const error = toCatalogueError(failure, { sandbox, again: 'chatlio-aep doctor' });
    return [{ check, state: 'failed', detail: sentenceOf(error), error }];
  }
}

function needsIt(check: string, cause: string): Finding {
  return { check, state: 'skipped', detail: `needs the ${cause}` };
}

const [TOKEN, SANDBOX, DATABASE] = ['Adobe token', 'Adobe sandbox', 'database'];

function checks(deps: DoctorDeps, clients: AdobeClients, sandbox: string): Check[] {
  const ofAdobe = [TOKEN, SANDBOX];
  const ofDatabase = [DATABASE];
  return [
    {
      check: TOKEN,
      needs: [],
      run: async () => {
        await deps.adobe.tokens.get();
        return 'IMS issues a token';
      },
    },
    {
      check: SANDBOX,
      needs: [TOKEN],
      run: async () => {
        const { tenantId } = await clients.schemaRegistry.stats();
        return `${sandbox}, tenant ${tenantId}`;
      },
    },
    { check: 'Chatlio source', needs: ofAdobe, run: () => checkEntitlement(clients) },
    {
      check: 'Adobe permissions',
      needs: ofAdobe,
      run: async () => {
        await Promise.all([
          clients.catalog.findDatasets({ name: 'chatlio-aep doctor' }),
          clients.dataPrep.listMappingSets({ name: 'chatlio-aep doctor' }),
          clients.flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id }),
        ]);
        return 'datasets, mapping sets and flows can be read';
      },
    },
    { check: 'Query Service', needs: ofAdobe, run: () => checkLake(clients, deps.queryServiceUrl) },
    { check: DATABASE, needs: [], run: async () => `PostgreSQL ${await deps.databaseVersion()}` },
    { check: 'keys', needs: ofDatabase, run: async () => compareKeys(await deps.processKeys()) },
    { check: 'held bodies', needs: ofDatabase, run: async () => checkPlace(await readTurnedAway(deps.database)) },
    { check: 'durability', needs: ofDatabase, run: async () => durabilityFinding(await deps.durability()) },
    {
      check: 'clock',
      needs: ofDatabase,
      run: async () => `${tolerable(await deps.clockSkewMs(), 'database')} ms from the database's`,
    },
    { check: 'clock of Adobe', needs: ofAdobe, run: () => compareAdobeClock(clients) },
    { check: 'events', needs: ofDatabase, run: async () => deliveryFindings(await readDeliveryHealth(deps.database)) },
    { check: 'receivers', needs: ofDatabase, run: async () => receiverFindings(await readReceivers(deps.database)) },
  ];
}

/** @throws CodedError `CAEP_CLOCK_SKEW` */
function tolerable(skewMs: number, whose: string): number {
  const rounded = Math.round(skewMs);
  if (Math.abs(rounded) <= TOLERABLE_SKEW_MS) return rounded;
  throw codedError('CAEP_CLOCK_SKEW', { other: whose, skew: `${rounded} ms` });
}

/** Tokens and the times of events are told by both; the settle window does not depend on it. */
async function compareAdobeClock({ flowService }: AdobeClients): Promise<string> {
  const beforeMs = Date.now();
  const adobeMs = await flowService.now();
  if (adobeMs === undefined) return 'Adobe does not say what time it is';
  // The header has whole seconds, cut off.
  const skewMs = adobeMs + 500 - (beforeMs + Date.now()) / 2;
  return `${tolerable(skewMs, 'Adobe')} ms from Adobe's, as exactly as its answers say`;
}

/** One line: what may be lost is named first. */
function durabilityFinding(durability: Durability): Omit<Finding, 'check'> {
  const detail = describeDurability(durability);
  const [error] = flawsOf(durability.facts);
  if (error !== undefined) return { state: 'failed', detail, error };
  return { state: areCommitsFinal(durability) ? 'ok' : 'warning', detail };
}

function checkPlace(turnedAway: readonly TurnedAway[]): string {
  const first = turnedAway[0];
  if (first === undefined) return 'nothing was turned away in the last day';
  const routes = turnedAway.map(({ name, widget, kind, times }) => `${name} ${widget} ${kind}, ${times} time(s)`);
  throw codedError('CAEP_HELD_FULL', { routes: routes.join('; '), name: first.name });
}

async function checkEntitlement({ flowService }: AdobeClients): Promise<string> {
  const [connectionSpec, flowSpec] = await Promise.all([
    flowService.getConnectionSpec(CHATLIO_CONNECTION_SPEC.id),
    flowService.getFlowSpec(STREAMING_FLOW_SPEC.id),
  ]);
  if (connectionSpec === undefined || !flowSpec?.sourceConnectionSpecIds.includes(CHATLIO_CONNECTION_SPEC.id)) {
    throw codedError('CAEP_SOURCE_NOT_ENTITLED', { adobe: 'the Chatlio specification is not there' });
  }
  return connectionSpec.authSpecCount === 0
    ? `specification ${connectionSpec.id}`
    : `specification ${connectionSpec.id} asks for authentication, which this release does not send`;
}
