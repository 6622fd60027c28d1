/** `history`: one line for each thing that was done to a source, the newest last. */
import { counted } from '../../../domain/counted.js';
import type { HistoryEntry, HistoryPage } from '../../../domain/history.js';
import { oneLine } from '../../../domain/printable.js';
import type { SourceState } from '../../../domain/source/source.js';
import { STEPS, type StepName } from '../../../domain/source/steps.js';
import { manifestField } from '../../manifest/differences.js';
import type { Paint, Style } from '../paint.js';
import { columns, elapsed, instant } from '../text.js';

const RESULT_STYLES: Readonly<Record<string, Style>> = {
  done: 'good',
  unchanged: 'faint',
  begun: 'hint',
  held: 'caution',
  refused: 'bad',
  aborted: 'caution',
  cancelled: 'caution',
};

/** Shorter is no duration that tells anything. */
const TOLD_FROM_MS = 100;

interface HistoryView {
  readonly name: string;
  readonly page: HistoryPage;
  /** Of a source that runs. */
  readonly state?: Pick<SourceState, 'operation' | 'hold'>;
  readonly now: number;
}

export function renderHistory({ name, page, state, now }: HistoryView, paint: Paint): string {
  const { entries, more } = page;
  const titles = ['WHEN', 'WHO', 'WHAT', 'RESULT', 'TOOK', 'WHY'];
  return [
    entries.length === 0
      ? `Nothing is recorded of ${paint.strong(name)} yet. What was done with a worker of release 0.1 is not recorded.`
      : columns([titles.map(paint.faint), ...entries.map((entry) => row(entry, paint))], 0),
    ...(more ? ['', paint.faint(`There is more before that: --limit ${entries.length * 2} shows it.`)] : []),
    ...nowLines(name, state, now, paint),
  ].join('\n');
}

function row(entry: HistoryEntry, paint: Paint): string[] {
  const { at, by, result, step, code, tookMs, why } = entry;
  const painted = paint[RESULT_STYLES[result] ?? 'strong'](result);
  return [
    paint.faint(instant(Date.parse(at))),
    by ?? paint.faint('—'),
    whatOf(entry),
    [painted, ...(step === undefined ? [] : [`at ${titleOf(step)}`]), ...(code === undefined ? [] : [code])].join(' '),
    tookMs < TOLD_FROM_MS ? '' : elapsed(tookMs),
    why ?? '',
  ];
}

/** As it is typed, and what it was about. */
function whatOf({ what, input = {}, decided }: HistoryEntry): string {
  if (decided !== undefined) {
    const { decision, events, reasons } = decided;
    return `held ${decision}: ${counted(events, 'event')} (${reasons.join(', ')})`;
  }
  const { adopt, disableFlow, discard, noWait, deleteData, includeAdopted } = input;
  const { withoutReceivers = [], changed = [] } = input;
  const { widget, kind, since, recreate = [], replace, now } = input;
  return [
    what,
    ...(adopt === true ? ['--adopt'] : []),
    ...(disableFlow === true ? ['--disable-flow'] : []),
    ...(discard === true ? ['--discard'] : []),
    ...(noWait === true ? ['--no-wait'] : []),
    ...withoutReceivers.map((id) => `--without-receiver ${oneLine(id)}`),
    ...(deleteData === true ? ['--delete-data'] : []),
    ...(includeAdopted === true ? ['--include-adopted'] : []),
    ...(replace === undefined ? [] : [replace === 'dataset' ? '--new-dataset' : '--replace']),
    ...(now === true ? ['--now'] : []),
    ...(since === undefined ? [] : [instant(Date.parse(since))]),
    ...(widget === undefined ? [] : [`--widget ${oneLine(widget)}`]),
    ...(kind === undefined ? [] : [`--kind ${kind}`]),
    ...(recreate.length === 0 ? [] : [`(${recreate.map(titleOf).join(', ')} made anew)`]),
    ...(changed.length === 0 ? [] : [`(${changed.map(manifestField).join(', ')})`]),
  ].join(' ');
}

function titleOf(step: string): string {
  return Object.hasOwn(STEPS, step) ? STEPS[step as StepName].title : step;
}

function nowLines(name: string, state: HistoryView['state'], now: number, paint: Paint): string[] {
  const { operation, hold } = state ?? {};
  if (hold !== undefined) {
    return [
      '',
      `${paint.caution('■')} It is held now, for ${elapsed(now - hold.since)}: \`chatlio-aep status ${name}\``,
    ];
  }
  return operation === undefined
    ? []
    : ['', `${paint.hint('▶')} ${operation.kind} is running now, for ${elapsed(now - operation.startedAt)}.`];
}

export function historyDocument(name: string, { entries, more }: HistoryPage, state: HistoryView['state']): object {
  const { operation } = state ?? {};
  return {
    name,
    entries,
    more,
    ...(operation === undefined ? {} : { running: { what: operation.kind, startedAt: operation.startedAt } }),
  };
}
