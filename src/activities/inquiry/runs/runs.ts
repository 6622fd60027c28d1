/** Runs of a source's flows, as Adobe counts them. */
import type { Adobe, AdobeClients } from '../../../adobe/clients.js';
import type { FlowRun } from '../../../adobe/services/flowService.js';
import { isAdobeCode, MAX_RUNS, runStateOf, type RunsReport, type RunView } from '../../../domain/delivery/flowRuns.js';
import type { Ask } from '../../../domain/inquiries.js';
import type { Database } from '../../../store/connection/database.js';
import { readFlowIds } from '../../../store/exceptions/destinations.js';
import { requireSource } from '../../../store/sources/sources.js';
import { readSourceFacts } from '../../../store/views/figures.js';

export interface RunsDeps {
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  readonly database: Database;
}

/** Of release 0.1.0, which did not write down its sandbox. */
const DEFAULT_SANDBOX = 'prod';
/** A filter is a part of a URL. */
const MAX_FLOWS = 10;

/** A source that has never been live has no flow. */
interface SourceFlows {
  readonly sourceId: number;
  readonly flowIds: readonly string[];
  readonly clients: AdobeClients;
}

export async function flowsOf({ adobe, database }: RunsDeps, name: string): Promise<SourceFlows> {
  const { id: sourceId } = await requireSource(database, name);
  const { sandbox = DEFAULT_SANDBOX } = await readSourceFacts(database, sourceId);
  const flowIds = (await readFlowIds(database, sourceId)).slice(0, MAX_FLOWS);
  return { sourceId, flowIds, clients: adobe.forSandbox(sandbox) };
}

export async function runsReport(deps: RunsDeps, { name, limit }: Ask<'runs'>): Promise<RunsReport> {
  const { flowIds, clients } = await flowsOf(deps, name);
  if (flowIds.length === 0) return { v: 1, flowIds, runs: [] };
  const wanted = Math.min(limit, MAX_RUNS);
  // One more tells whether the limit has left something out.
  const found = await clients.flowService.listRuns(flowIds, { limit: wanted + 1 });
  const runs = found.slice(0, wanted).map(runView);
  return { v: 1, flowIds, runs, ...(found.length > wanted ? { older: true } : {}) };
}

export function runView(run: FlowRun): RunView {
  const { id, inputRecords, failedRecords, warningRecords, inputBytes, outputBytes } = run;
  return {
    id,
    from: isoOf(run.startedAt ?? run.createdAt),
    to: isoOf(run.completedAt),
    state: runStateOf(run.status),
    inputRecords,
    writtenRecords: run.outputRecords,
    failedRecords,
    warningRecords,
    inputBytes,
    outputBytes,
    codes: [...new Set(run.errors.flatMap(({ code }) => (code !== undefined && isAdobeCode(code) ? [code] : [])))],
  };
}

/** Undefined for a number that is no time. */
function isoOf(timeMs: number | undefined): string | undefined {
  const time = new Date(timeMs ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
