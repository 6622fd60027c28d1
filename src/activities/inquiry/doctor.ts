import { CHATLIO_CONNECTION_SPEC, STREAMING_FLOW_SPEC } from '../../adobe/http/constants.js';
import type { Adobe, AdobeClients } from '../../adobe/clients.js';
import { clockFinding, differenceBetween, differenceOver } from '../../domain/clocks.js';
import { RECEIVER_SILENCE_MS } from '../../domain/events/shownEvents.js';
import { areCommitsFinal, describeDurability, type Durability, flawsOf } from '../../domain/durability.js';
import { codedError, sentenceOf } from '../../domain/errors.js';
import type { DoctorReport, Finding } from '../../domain/source/plan.js';
import { readTurnedAway, type TurnedAway } from '../../store/exceptions/heldPlace.js';
import type { ProcessKeys } from '../../store/keys/processKeys.js';
import type { Database } from '../../store/connection/database.js';
import { readReach } from '../../store/connection/reach.js';
import { readDeliveryHealth } from '../../store/views/deliveryHealth.js';
import { readReceivers } from '../../store/receivers/receiverReports.js';
import { toCatalogueError } from '../failures.js';
import { diskFindings, type Disks } from './findings/diskFindings.js';
import { deliveryFindings, receiverFindings } from './findings/deliveryFindings.js';
import { contentsFindings, fieldsFindings, proofFindings } from './findings/fieldsFinding.js';
import { listUnmappedFields } from '../../store/bodies/unmappedFields.js';
import { listContents } from '../../store/delivery/projections.js';
import { compareKeys } from './findings/keysFinding.js';
import { reachFinding } from './findings/reachFinding.js';
import { checkLake } from './findings/lakeFinding.js';

export interface DoctorDeps {
  readonly adobe: Adobe;
  /** Throws when PostgreSQL does not answer; answers its version. */
  readonly databaseVersion: () => Promise<string>;
  /** With which keys each running worker and receiver works. */
  readonly processKeys: () => Promise<readonly ProcessKeys[]>;
  /** Whether what it commits is kept. */
  readonly durability: () => Promise<Durability>;
  readonly database: Database;
  readonly disks: Disks;
  /** Difference of the database's clock to this process's, ms. */
  readonly clockSkewMs: () => Promise<number>;
  /** See `src/configuration.ts`. */
  readonly queryServiceUrl?: string;
}

interface Check {
  readonly check: string;
  /** Checks that must be well first: what has failed there is told there, once. */
  readonly needs: readonly string[];
  readonly run: () => Promise<string | Omit<Finding, 'check'> | readonly Finding[]>;
}

/** Everything on the worker's side that provisioning and forwarding need, each with its fix. */
export async function doctorReport(deps: DoctorDeps, sandbox: string): Promise<DoctorReport> {
  const takenAtMs = Date.now();
  const findings: Finding[] = [];
  const missing = new Set<string>();
  for (const one of checks(deps, deps.adobe.forSandbox(sandbox), sandbox)) {
    const cause = one.needs.find((need) => missing.has(need));
    const found = cause === undefined ? await carryOut(one, sandbox) : [needsIt(one.check, cause)];
    findings.push(...found);
    if (found.some(({ state }) => state === 'failed' || state === 'skipped')) missing.add(one.check);
  }
  return { v: 1, findings, clock: { takenAtMs, givenAtMs: Date.now() } };
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
        return 'IMS issues tokens';
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
    { check: 'notifications', needs: ofDatabase, run: async () => reachFinding(await readReach(deps.database)) },
    { check: 'keys', needs: ofDatabase, run: async () => compareKeys(await deps.processKeys()) },
    { check: 'held bodies', needs: ofDatabase, run: async () => checkPlace(await readTurnedAway(deps.database)) },
    { check: 'durability', needs: ofDatabase, run: async () => durabilityFinding(await deps.durability()) },
    {
      check: 'clock',
      needs: ofDatabase,
      run: async () => clockFinding({ ms: await deps.clockSkewMs(), giveOrTakeMs: 0 }, 'the database'),
    },
    { check: 'clocks of receivers', needs: ofDatabase, run: () => compareReceiverClocks(deps) },
    { check: 'disk', needs: [], run: () => diskFindings(deps.disks) },
    { check: 'clock of Adobe', needs: ofAdobe, run: () => compareAdobeClock(clients) },
    { check: 'events', needs: ofDatabase, run: async () => deliveryFindings(await readDeliveryHealth(deps.database)) },
    {
      check: 'fields',
      needs: ofDatabase,
      run: async () => {
        const contents = await listContents(deps.database);
        const unmapped = await listUnmappedFields(deps.database);
        return [...fieldsFindings(unmapped), ...contentsFindings(contents), ...proofFindings(contents)];
      },
    },
    { check: 'receivers', needs: ofDatabase, run: async () => receiverFindings(await readReceivers(deps.database)) },
  ];
}

const HALF_SECOND_MS = 500;

/** Tokens and the times of events are told by both; the settle window does not depend on it. */
async function compareAdobeClock({ flowService }: AdobeClients): Promise<string | Omit<Finding, 'check'>> {
  const sentAtMs = Date.now();
  const adobeMs = await flowService.now();
  if (adobeMs === undefined) return 'Adobe’s answers do not carry a time';
  // The header has whole seconds, cut off.
  const takenAtMs = adobeMs + HALF_SECOND_MS;
  const seen = differenceOver({ sentAtMs, takenAtMs, givenAtMs: takenAtMs, receivedAtMs: Date.now() });
  return clockFinding({ ...seen, giveOrTakeMs: seen.giveOrTakeMs + HALF_SECOND_MS }, 'Adobe');
}

/** Each of those that report; the times of what they take are told by their clocks. */
async function compareReceiverClocks({ clockSkewMs, database }: DoctorDeps): Promise<readonly Finding[]> {
  const ofDatabase = { ms: await clockSkewMs(), giveOrTakeMs: 0 };
  const compared = (await readReceivers(database)).flatMap(({ id, silentForMs, clock }): Finding[] => {
    if (clock === undefined || silentForMs > RECEIVER_SILENCE_MS) return [];
    // What it says is the database's clock to its own.
    const finding = clockFinding(differenceBetween(ofDatabase, clock), `receiver ${id}`);
    return [{ check: `clock of receiver ${id}`, ...finding }];
  });
  const wrong = compared.filter(({ state }) => state === 'failed');
  if (wrong.length > 0) return wrong;
  const detail =
    compared.length === 0 ? 'no receiver reports its time' : `${compared.length}, all close to the worker's`;
  return [{ check: 'clocks of receivers', state: 'ok', detail }];
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
  if (first === undefined) return 'no webhook was refused for lack of space in the last day';
  const routes = turnedAway.map(({ name, widget, kind, times }) => `${name} ${widget} ${kind}, ${times} time(s)`);
  throw codedError('CAEP_HELD_FULL', { routes: routes.join('; '), name: first.name });
}

async function checkEntitlement({ flowService }: AdobeClients): Promise<string> {
  const [connectionSpec, flowSpec] = await Promise.all([
    flowService.getConnectionSpec(CHATLIO_CONNECTION_SPEC.id),
    flowService.getFlowSpec(STREAMING_FLOW_SPEC.id),
  ]);
  if (connectionSpec === undefined || !flowSpec?.sourceConnectionSpecIds.includes(CHATLIO_CONNECTION_SPEC.id)) {
    throw codedError('CAEP_SOURCE_NOT_ENTITLED', { adobe: 'it has no specification for Chatlio' });
  }
  return connectionSpec.authSpecCount === 0
    ? `specification ${connectionSpec.id}`
    : `specification ${connectionSpec.id} requires authentication, which this release does not support`;
}
