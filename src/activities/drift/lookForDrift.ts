/** A look at what others have changed in Adobe: every recorded object beside what the last operation left. Changes nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import { bounded, type Drifted, type DriftReport } from '../../domain/drift/drift.js';
import { type ComparedField, type Comparison, differencesIn } from '../../domain/source/comparison.js';
import { type Resource, STEP_NAMES, type StepName } from '../../domain/source/steps.js';
import { STEP_TABLE } from '../steps/table/index.js';
import type { StepContext } from '../steps/step.js';

/** An object counts as deleted once it is not found a second time, so much later: an answer may lag. */
const CONFIRM_AFTER_MS = 2_000;

export interface Look {
  /** A pause has disabled the flow, and meant to. */
  readonly flowDisabled: boolean;
  readonly confirmAfterMs?: number;
}

/**
 * One object after the other, so that a look never asks Adobe for two things at a time.
 *
 * @throws AdobeCallError where an object cannot be read: nothing is said of the others then
 */
export async function lookForDrift(context: StepContext, look: Look): Promise<DriftReport> {
  const rows: Drifted[] = [];
  for (const step of STEP_NAMES) {
    const resource = context.resources[step];
    // Routes are ours alone; the inlet is a part of the flow.
    if (resource === undefined || step === 'webhook-routes' || (step === 'inlet' && rows.some(isGoneFlow))) continue;
    rows.push(...(await rowsOf(step, context, resource, look)));
  }
  return bounded(rows);
}

const isGoneFlow = ({ step, kind }: Drifted): boolean => step === 'flow' && kind === 'gone';

async function rowsOf(step: StepName, context: StepContext, resource: Resource, look: Look): Promise<Drifted[]> {
  const { id, origin } = resource;
  const comparison = await compared(step, context, resource, look);
  if (comparison === 'gone') {
    return [{ step, id, origin, kind: 'gone', field: 'object', recorded: id, remedy: 'replace' }];
  }
  const fields = step === 'flow' ? comparison.flatMap((field) => stateOf(field, look)) : comparison;
  return differencesIn(step, resource, fields).map(({ field, wanted, found, remedy }) => ({
    step,
    id,
    origin,
    kind: step === 'flow' && field === STATE ? 'disabled' : 'changed',
    field,
    ...(isRecorded(step, field) ? { recorded: wanted } : { manifest: wanted }),
    found,
    remedy,
  }));
}

async function compared(
  name: StepName,
  context: StepContext,
  resource: Resource,
  { confirmAfterMs = CONFIRM_AFTER_MS }: Look,
): Promise<Comparison> {
  const step = STEP_TABLE[name];
  const first = await step.compare(context, resource);
  if (first !== 'gone') return first;
  await delay(confirmAfterMs, undefined, { signal: context.signal });
  return step.compare(context, resource);
}

const STATE = 'state';
/** It is on its way from one to the other. */
const PASSING = /^(initializing|pending|inprogress|enabling|disabling|updating)$|-finalizing$/i;

/** Of the flow only a state that lasts counts, and one that a pause has not brought about. */
function stateOf(field: ComparedField, { flowDisabled }: Look): ComparedField[] {
  if (field.field !== STATE) return [field];
  if (PASSING.test(field.found ?? '') || (flowDisabled && field.found === 'disabled')) return [];
  return [{ ...field, wanted: 'enabled' }];
}

/** What no manifest says: ids, versions and marks, as the last operation left them. */
function isRecorded(step: StepName, field: string): boolean {
  return RECORDED.has(field) || (field === 'name' && step !== 'dataset');
}

const RECORDED: ReadonlySet<string> = new Set([
  STATE,
  'class',
  'dataset',
  'description',
  'field group',
  'flow',
  'format',
  'mapping set',
  'mapping version',
  'schema',
  'schema version',
  'source connection',
  'spec',
  'tags.chatlioAep',
  'target connection',
  'url',
]);
