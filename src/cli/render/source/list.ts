/** `status` without a name: all sources, those that need a person first, each with why and what to type. */
import type { BudgetStanding } from '../../../domain/source/requestBudget.js';
import { counted } from '../../../domain/counted.js';
import type { CatalogueError } from '../../../domain/errors.js';
import type { SourceNeeds } from '../../../domain/events/shownEvents.js';
import { oneLine } from '../../../domain/printable.js';
import { forwarderWorkflowId, sourceWorkflowId } from '../../../domain/source/source.js';
import type { SourceRun } from '../../../temporal/sources/port.js';
import type { Paint } from '../paint.js';
import { columns, elapsed, instant, shortened } from '../text.js';
import { paintedPhase, phaseOf, sourceDocument } from './source.js';

/** Why somebody has to do something, and what. */
interface Need {
  readonly reason: string;
  readonly command: string;
}

export interface ListedSource {
  readonly name: string;
  /** Absent: Temporal has forgotten it. */
  readonly run?: SourceRun;
  readonly phase: string;
  readonly needs: readonly Need[];
  /** As the database tells it; where nobody could be asked none. */
  readonly heldEvents?: number;
}

/** Wide enough for every sentence of ours. */
const REASON_WIDTH = 60;

/**
 * Those that need a person first, else by name.
 *
 * @param stuck workflows at which a worker fails again and again
 */
export function listedSources(
  runs: readonly SourceRun[],
  needs: readonly SourceNeeds[],
  stuck: readonly CatalogueError[] = [],
): ListedSource[] {
  const known = new Map(needs.map((one) => [one.name, one]));
  const listed = runs.map((run) => fromRun(run, known.get(run.name), stuck));
  const named = new Set(runs.map(({ name }) => name));
  const forgotten = needs.filter(({ name, held }) => !named.has(name) && held > 0).map(fromDatabase);
  return [...listed, ...forgotten].sort(
    (a, b) => Number(b.needs.length > 0) - Number(a.needs.length > 0) || (a.name < b.name ? -1 : 1),
  );
}

function fromRun(run: SourceRun, needs: SourceNeeds | undefined, stuck: readonly CatalogueError[]): ListedSource {
  const phase = phaseOf({ run });
  return {
    name: run.name,
    run,
    phase,
    needs: [
      ...ofStuck(run, stuck),
      ...ofPause(run),
      ...ofWorkflow(run, phase),
      ...ofSending(run, needs),
      ...ofDrift(run, needs?.drifted),
      ...ofEvents(run.name, needs?.held),
    ],
    heldEvents: needs?.held,
  };
}

function fromDatabase({ name, retired, held }: SourceNeeds): ListedSource {
  return { name, phase: retired ? 'torn-down' : 'terminated', needs: ofEvents(name, held), heldEvents: held };
}

/** Of its workflow, or its forwarder's. */
function ofStuck({ name }: SourceRun, stuck: readonly CatalogueError[]): Need[] {
  const ids = [sourceWorkflowId(name), forwarderWorkflowId(name)];
  return stuck
    .filter(({ fields }) => ids.includes(fields['workflow'] ?? ''))
    .map(({ code, fields }) => ({
      reason: `${fields['workflow']} is stuck${code === 'CAEP_WORKFLOW_NONDETERMINISTIC' ? ': nondeterminism' : ''}`,
      command: `chatlio-aep status ${name}`,
    }));
}

function ofPause({ name, hasPausedActivity }: SourceRun): Need[] {
  return hasPausedActivity === true
    ? [{ reason: 'an activity is paused in Temporal', command: `chatlio-aep status ${name}` }]
    : [];
}

function ofWorkflow({ name, open, phase: attribute, heldReason }: SourceRun, phase: string): Need[] {
  if (open) {
    return attribute === 'held' ? [{ reason: heldReason ?? 'held', command: `chatlio-aep status ${name}` }] : [];
  }
  return phase === 'aborted' || phase === 'torn-down'
    ? []
    : [{ reason: 'its workflow was ended from outside', command: 'chatlio-aep provision FILE' }];
}

function ofSending({ name, open, phase, forwarding }: SourceRun, needs: SourceNeeds | undefined): Need[] {
  if (!open || phase !== 'live') return [];
  if (needs?.closedBecause !== undefined) {
    return [{ reason: oneLine(needs.closedBecause), command: `chatlio-aep unpause ${name}` }];
  }
  switch (forwarding?.phase) {
    case 'held':
      return [{ reason: forwarding.heldReason ?? 'sending is held', command: `chatlio-aep resume ${name}` }];
    case 'outage':
      return [{ reason: 'the destination is unavailable', command: `chatlio-aep status ${name}` }];
    case 'paused':
      return [{ reason: 'nothing is sent', command: `chatlio-aep status ${name}` }];
    default:
      return [];
  }
}

function ofDrift({ name, open }: SourceRun, drifted = 0): Need[] {
  return drifted === 0 || !open
    ? []
    : [{ reason: `${counted(drifted, 'change')} by others in Adobe`, command: `chatlio-aep drift ${name}` }];
}

function ofEvents(name: string, held = 0): Need[] {
  return held === 0
    ? []
    : [{ reason: `${counted(held, 'event')} held for a decision`, command: `chatlio-aep held list ${name}` }];
}

export function renderStatusList(listed: readonly ListedSource[], now: number, paint: Paint): string {
  if (listed.length === 0)
    return 'There is no source yet. Write a manifest with `chatlio-aep init`, then `chatlio-aep provision FILE`.';
  const rows = listed.flatMap((source) => rowsOf(source, now, paint));
  return columns([['SOURCE', 'PHASE', '', 'WHAT IS NEEDED', 'WHAT TO TYPE'].map(paint.faint), ...rows], 0);
}

/** A row for each thing that is needed. */
function rowsOf({ name, run, phase, needs }: ListedSource, now: number, paint: Paint): string[][] {
  const [first, ...others] = needs.map(({ reason, command }) => [
    paint.caution(shortened(reason, REASON_WIDTH)),
    command,
  ]);
  const since = run === undefined ? '' : sinceOf(run, now);
  const head = [paint.strong(name), withSending(run, paintedPhase(phase, paint), paint), paint.faint(since)];
  return [[...head, ...(first ?? ['', ''])], ...others.map((cells) => ['', '', '', ...cells])];
}

function sinceOf({ open, startedAt, closedAt }: SourceRun, now: number): string {
  return open ? `for ${elapsed(now - startedAt)}` : `since ${instant(closedAt ?? startedAt)}`;
}

/** Of a live source whose events do not go out, that too: paused, settling, outage or held. */
function withSending(run: SourceRun | undefined, phase: string, paint: Paint): string {
  const forwarding =
    run?.open === true && run.phase === 'live' ? (run.forwarding?.phase ?? 'forwarding') : 'forwarding';
  return forwarding === 'forwarding' ? phase : `${phase}, ${paint.caution(forwarding)}`;
}

/** Of requests to Adobe that wait, or did a moment ago. */
export function budgetLine({ perSecond, pausedForMs }: BudgetStanding): string {
  if (pausedForMs !== undefined) {
    return `Adobe has asked for a pause: requests for provisioning and for looks go on in ${elapsed(pausedForMs)}. Events are sent.`;
  }
  return perSecond === undefined
    ? 'Adobe has asked for a pause a moment ago: requests for provisioning and for looks had to wait. Events are sent.'
    : `Requests to Adobe for provisioning and for looks wait: all sources together make ${perSecond} a second (ADOBE_MAX_REQUESTS_PER_SECOND). Events are sent.`;
}

export function listedDocument({ name, run, phase, needs, heldEvents }: ListedSource): object {
  const known = run === undefined ? { name, phase, pending: [] } : sourceDocument({ run });
  return {
    ...known,
    ...(needs.length === 0 ? {} : { needs }),
    ...(heldEvents === undefined ? {} : { heldEvents }),
  };
}
