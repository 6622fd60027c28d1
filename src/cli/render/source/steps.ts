/** The step tree: what is made, what runs, how long it took, and why an attempt failed. */
import { oneLine } from '../../../domain/printable.js';
import { STEPS } from '../../../domain/source/steps.js';
import type { SourceState, StepState, StepStatus } from '../../../domain/source/source.js';
import type { PendingActivity } from '../../../temporal/sources/port.js';
import type { Paint, Style } from '../paint.js';
import { columns, elapsed, shortened } from '../text.js';

const MARKS: Readonly<Record<StepState, readonly [string, Style]>> = {
  waiting: ['·', 'faint'],
  running: ['▸', 'hint'],
  made: ['✔', 'good'],
  adopted: ['✔', 'good'],
  held: ['■', 'caution'],
  undoing: ['↺', 'hint'],
  undone: ['↺', 'faint'],
  left: ['!', 'caution'],
};

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const SPINNER_FRAME_MS = 100;

export interface StepView {
  readonly now: number;
  readonly columns: number;
  readonly paint: Paint;
  /** A spinner turns where the picture is drawn again and again. */
  readonly live: boolean;
}

export function renderSteps(state: SourceState, pending: readonly PendingActivity[], view: StepView): string {
  const titleWidth = Math.max(...state.steps.map(({ step }) => STEPS[step].title.length));
  const idWidth = Math.max(12, view.columns - titleWidth - 20);
  const rows = state.steps.map((status) => stepRow(status, idWidth, view));
  const lines = columns(rows).split('\n');
  return state.steps
    .flatMap(({ step }, index) => [
      lines[index] ?? '',
      ...pending.filter(({ name }) => stepOf(name) === step).flatMap((activity) => attemptLine(activity, view)),
    ])
    .join('\n');
}

/** Activities are named after their step: `dataset`, `undo-dataset`. */
export function stepOf(activityName: string): string {
  return activityName.replace(/^undo-/, '');
}

function stepRow(status: StepStatus, idWidth: number, view: StepView): string[] {
  const { paint } = view;
  const [mark, style] = MARKS[status.state];
  const turning = view.live && (status.state === 'running' || status.state === 'undoing');
  const frame = SPINNER[Math.floor(view.now / SPINNER_FRAME_MS) % SPINNER.length] ?? mark;
  const { title } = STEPS[status.step];
  const word = status.state === 'made' ? '' : status.state;
  const id = status.id === undefined ? '' : shortened(status.id, idWidth - word.length - 2);
  return [
    paint[style](turning ? frame : mark),
    status.state === 'waiting' ? paint.faint(title) : title,
    paint.faint(stepTime(status, view.now)),
    [paint.faint(id), word === 'waiting' || word === 'running' ? '' : paint[style](word)]
      .filter((t) => t !== '')
      .join('  '),
  ];
}

/** How long it was made, or is being made: undoing is told, not timed. */
function stepTime(step: StepStatus, now: number): string {
  const { startedAt, endedAt } = step;
  return startedAt === undefined || isUndone(step) ? '' : elapsed((endedAt ?? now) - startedAt);
}

/** Its times are those of making it, until the end of undoing it. */
export function isUndone({ state }: Pick<StepStatus, 'state'>): boolean {
  return state === 'undoing' || state === 'undone' || state === 'left';
}

function attemptLine({ attempt, lastFailure, nextAttemptAt }: PendingActivity, view: StepView): string[] {
  if (lastFailure === undefined) return [];
  const next =
    nextAttemptAt === undefined || nextAttemptAt <= view.now ? '' : `, next in ${elapsed(nextAttemptAt - view.now)}`;
  const text = `attempt ${attempt}${next}: ${oneLine(lastFailure)}`;
  return [`     ${view.paint.caution(shortened(text, Math.max(40, view.columns - 6)))}`];
}
