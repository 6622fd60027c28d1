import { CHATLIO_CONNECTION_SPEC, STREAMING_FLOW_SPEC } from '../../adobe/constants.js';
import type { Adobe, AdobeClients } from '../../adobe/clients.js';
import { areCommitsFinal, describeDurability, type Durability, flawsOf } from '../../domain/durability.js';
import { codedError, sentenceOf } from '../../domain/errors.js';
import type { DoctorReport, Finding } from '../../domain/plan.js';
import type { ProcessKeys } from '../../store/processKeys.js';
import { toCatalogueError } from '../failures.js';
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
  /** Difference of the database's clock to this process's, ms. */
  readonly clockSkewMs: () => Promise<number>;
  /** See `src/configuration.ts`. */
  readonly queryServiceUrl?: string;
}

/** Leases are kept by the database's clock and checked by the worker's; more skew than this makes both slow. */
const TOLERABLE_SKEW_MS = 2_000;

type Check = readonly [name: string, run: () => Promise<string | Omit<Finding, 'check'>>];

/** Everything on the worker's side that provisioning and forwarding need, each with its fix. */
export async function doctorReport(deps: DoctorDeps, sandbox: string): Promise<DoctorReport> {
  const clients = deps.adobe.forSandbox(sandbox);
  const findings: Finding[] = [];
  for (const [check, run] of checks(deps, clients, sandbox)) {
    try {
      const found = await run();
      findings.push(typeof found === 'string' ? { check, state: 'ok', detail: found } : { check, ...found });
    } catch (failure) {
      const error = toCatalogueError(failure, { sandbox, name: 'NAME' });
      findings.push({ check, state: 'failed', detail: sentenceOf(error), error });
    }
  }
  return { v: 1, findings };
}

function checks(deps: DoctorDeps, clients: AdobeClients, sandbox: string): Check[] {
  return [
    [
      'Adobe token',
      async () => {
        await deps.adobe.tokens.get();
        return 'IMS issues a token';
      },
    ],
    [
      'Adobe sandbox',
      async () => {
        const { tenantId } = await clients.schemaRegistry.stats();
        return `${sandbox}, tenant ${tenantId}`;
      },
    ],
    ['Chatlio source', () => checkEntitlement(clients)],
    [
      'Adobe permissions',
      async () => {
        await Promise.all([
          clients.catalog.findDatasets({ name: 'chatlio-aep doctor' }),
          clients.dataPrep.listMappingSets({ name: 'chatlio-aep doctor' }),
          clients.flowService.findFlows({ specId: STREAMING_FLOW_SPEC.id }),
        ]);
        return 'datasets, mapping sets and flows can be read';
      },
    ],
    ['Query Service', () => checkLake(clients, deps.queryServiceUrl)],
    ['database', async () => `PostgreSQL ${await deps.databaseVersion()}`],
    ['keys', async () => compareKeys(await deps.processKeys())],
    ['durability', async () => durabilityFinding(await deps.durability())],
    [
      'clock',
      async () => {
        const skewMs = Math.round(await deps.clockSkewMs());
        if (Math.abs(skewMs) <= TOLERABLE_SKEW_MS) return `${skewMs} ms from the database's`;
        throw codedError('CAEP_CLOCK_SKEW', { skew: `${skewMs} ms` });
      },
    ],
  ];
}

/** One line: what may be lost is named first. */
function durabilityFinding(durability: Durability): Omit<Finding, 'check'> {
  const detail = describeDurability(durability);
  const [error] = flawsOf(durability.facts);
  if (error !== undefined) return { state: 'failed', detail, error };
  return { state: areCommitsFinal(durability) ? 'ok' : 'warning', detail };
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
