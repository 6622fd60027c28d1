/** What happens to events while something is changed: one sentence for a person who has to decide. */
import type { Difference } from '../source/comparison.js';
import type { PlannedStep } from '../source/plan.js';
import type { StepName } from '../source/steps.js';

/** As a manifest writes them: `5m`. */
interface Windows {
  readonly settleWindow: string;
  readonly schemaSettleWindow: string;
}

const GOES_ON = 'Events are sent meanwhile as before.';

export function meanwhileOf(
  { step, action, fields = [] }: Pick<PlannedStep, 'step' | 'action' | 'fields'>,
  { settleWindow, schemaSettleWindow }: Windows,
): string {
  if (action === 'replace') {
    const kept = step === 'dataset' ? 'It stays with its events. A' : 'A';
    return `${kept} new one takes its place, with a new flow: it is made while the flow before is used; then the gate closes, and events wait in the log until ${settleWindow} after the new flow is enabled. What the flow before was sent is looked up there; none is lost.`;
  }
  if (OF_THE_SCHEMA.includes(step)) return waits(schemaSettleWindow, 'the schema was changed');
  return fields.some((field) => changesFlow(step, field)) ? waits(settleWindow, 'the flow was changed') : GOES_ON;
}

function waits(wait: string, what: string): string {
  return `The gate closes first: events wait in the log until ${wait} after ${what}. None is lost.`;
}

/** Also a title: streaming validation may know the schema before for a while. */
const OF_THE_SCHEMA: readonly StepName[] = ['field-group', 'schema', 'identity-descriptor'];

/** Texts alone do not concern what is sent. */
const TEXTS: readonly string[] = ['name', 'description'];

function changesFlow(step: StepName, { field }: Difference): boolean {
  switch (step) {
    case 'mapping-set':
    case 'flow':
      return !TEXTS.includes(field);
    case 'inlet':
      return !/^(delivery|drift)\./.test(field);
    default:
      return false;
  }
}
