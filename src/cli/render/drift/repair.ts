/** `repair`: what would be done, what is lost by it, and how it ended. */
import { countOf, type DriftReport } from '../../../domain/drift/drift.js';
import { concernsFlow, type RepairAction, type RepairPlan, type RepairResult } from '../../../domain/drift/repair.js';
import { oneLine } from '../../../domain/printable.js';
import { STEPS } from '../../../domain/source/steps.js';
import type { Paint } from '../paint.js';
import { opensLine } from '../source/source.js';
import { columns } from '../text.js';
import { driftTable } from './drift.js';

export function renderRepairPlan(name: string, plan: RepairPlan, losses: readonly string[], paint: Paint): string {
  return [
    `To repair ${paint.strong(name)}:`,
    columns(plan.actions.map((action) => rowOf(action, paint))),
    ...(losses.length === 0 ? [] : ['', paint.strong('What is lost or changed for good'), ...bullets(losses, paint)]),
    ...(plan.left.length === 0
      ? []
      : ['', paint.strong('Cannot be repaired here'), driftTable({ v: 1, drifted: plan.left, more: 0 }, paint)]),
    ...(concernsFlow(plan) ? ['', 'Events are taken meanwhile, and wait until Adobe is ready for them.'] : []),
    '',
  ].join('\n');
}

function bullets(sentences: readonly string[], paint: Paint): string[] {
  return sentences.map((sentence) => `${paint.caution('!')} ${oneLine(sentence)}`);
}

function rowOf({ step, how, id, because, fields = [] }: RepairAction, paint: Paint): string[] {
  const what = { change: fields.map(oneLine).join(', '), enable: 'it is disabled', create: WHY[because ?? 'gone'] }[
    how
  ];
  const [mark, does] = DOES[how];
  return [
    paint[how === 'create' ? 'caution' : 'good'](mark),
    does,
    STEPS[step].title,
    paint.faint(oneLine(id ?? '')),
    what,
  ];
}

const DOES = {
  change: ['~', 'change back'],
  create: ['+', 'make anew'],
  enable: ['▶', 'enable'],
} as const;

const WHY = {
  gone: 'it was deleted',
  moved: 'what it refers to is made anew',
  changed: 'a change back would have no effect',
} as const;

export function renderNothingToRepair(name: string, seen: DriftReport, paint: Paint): string {
  if (countOf(seen) === 0) return paint.good(`Nothing to repair: nothing of ${name} has drifted.`);
  return ['None of this can be repaired here:', '', driftTable(seen, paint)].join('\n');
}

export function renderRepaired(
  name: string,
  { changed, actions, left, opensAt }: RepairResult,
  now: number,
  paint: Paint,
): string {
  const rest =
    left.length === 0 ? [] : ['', 'Still not as it was left:', '', driftTable({ v: 1, drifted: left, more: 0 }, paint)];
  if (!changed) return [paint.good(`Nothing to repair any more: ${name} is in order.`), ...rest].join('\n');
  return [
    `${paint.good('✔')} ${paint.strong(name)} is repaired.`,
    '',
    columns(actions.map((action) => rowOf(action, paint))),
    ...(concernsFlow({ actions })
      ? ['', `Sending: ${opensAt === undefined ? 'after `unpause`' : opensLine({ opensAt }, now)}`]
      : []),
    ...rest,
  ].join('\n');
}
