/** What is shown while a source is followed: a live tree on a terminal, one line per change elsewhere. */
import { sentenceOf, remedyOf, type CatalogueError } from '../../domain/errors.js';
import { oneLine } from '../../domain/printable.js';
import { STEPS } from '../../domain/source/steps.js';
import { awaitedText } from '../../domain/source/teardown.js';
import type { Snapshot } from './snapshot.js';
import type { LiveRegion } from '../terminal/output.js';
import type { Context } from '../ports.js';
import { deliveryLine, renderDelivery } from '../render/source/delivery.js';
import { heading, pausedSince } from '../render/source/source.js';
import { teardownLines } from '../render/source/teardown.js';
import { sendingLines } from '../render/source/standstill.js';
import { isUndone, renderSteps, stepOf } from '../render/source/steps.js';
import { clockTime, elapsed } from '../render/text.js';

export interface Progress {
  show(snapshot: Snapshot): void;
  /** Something that may pass; undefined when it has passed. */
  trouble(error: CatalogueError | undefined): void;
  end(): void;
}

export function createProgress(context: Context, name: string): Progress {
  const { live } = context.output;
  return live === undefined ? lineProgress(context) : liveProgress(context, live, name);
}

const REDRAW_MS = 100;

function liveProgress({ output, now }: Context, live: LiveRegion, name: string): Progress {
  let snapshot: Snapshot | undefined;
  let trouble: CatalogueError | undefined;
  const draw = (moving: boolean): void => {
    const view = { now: now(), columns: live.columns, paint: output.paint, live: moving };
    const delivery = snapshot && renderDelivery(snapshot, now(), output.paint);
    const parts = [
      ...(snapshot === undefined ? [output.paint.faint(`Waiting for ${name} …`)] : [heading(snapshot, view)]),
      ...(snapshot?.state === undefined ? [] : [renderSteps(snapshot.state, snapshot.run.pending, view)]),
      ...(snapshot === undefined ? [] : sendingLines(name, snapshot.forwarder, now(), output.paint)),
      ...(snapshot?.state === undefined ? [] : teardownLines(snapshot.state, now(), output.paint)),
      ...(delivery === undefined ? [] : ['', delivery]),
      ...(trouble === undefined
        ? []
        : [output.paint.caution(`! ${sentenceOf(trouble)} The operation continues. ${remedyOf(trouble)}`)]),
    ];
    live.show(`\n${parts.join('\n')}\n`);
  };
  const timer = setInterval(() => draw(true), REDRAW_MS);
  return {
    show(next) {
      snapshot = next;
      draw(true);
    },
    trouble(error) {
      trouble = error;
    },
    end() {
      clearInterval(timer);
      if (snapshot === undefined) {
        live.clear();
        return;
      }
      draw(false);
      live.keep();
    },
  };
}

function lineProgress({ output, now }: Context): Progress {
  let previous: Snapshot | undefined;
  let trouble: string | undefined;
  const line = (text: string): void => output.note(`${output.paint.faint(clockTime(now()))}  ${oneLine(text)}`);
  return {
    show(next) {
      for (const text of changes(previous, next, now())) line(text);
      previous = next;
    },
    trouble(error) {
      if (error !== undefined && error.code !== trouble)
        line(`${sentenceOf(error)} The operation continues. ${remedyOf(error)}`);
      if (error === undefined && trouble !== undefined) line('it works again');
      trouble = error?.code;
    },
    end() {},
  };
}

/** What a person is told between two looks, oldest first. */
export function changes(before: Snapshot | undefined, after: Snapshot, now = Date.now()): string[] {
  const phase = after.state?.phase ?? after.run.phase;
  const phaseBefore = before?.state?.phase ?? before?.run.phase;
  return [
    ...(after.state?.steps ?? []).flatMap((step) => {
      const known = before?.state?.steps.find((other) => other.step === step.step);
      if (known?.state === step.state || step.state === 'waiting') return [];
      const took =
        step.endedAt === undefined || step.startedAt === undefined || isUndone(step)
          ? ''
          : `  ${elapsed(step.endedAt - step.startedAt)}`;
      const id = step.id === undefined || step.state === 'running' ? '' : `  ${step.id}`;
      return [`${STEPS[step.step].title}: ${step.state}${took}${id}`];
    }),
    ...after.run.pending.flatMap(({ name, attempt, lastFailure }) => {
      const known = before?.run.pending.find((other) => other.name === name);
      if (lastFailure === undefined || known?.attempt === attempt) return [];
      return [`${titleOf(name)}: attempt ${attempt} after: ${lastFailure}`];
    }),
    ...deliveryChanges(before, after, now),
    ...pauseChanges(before, after),
    ...teardownChanges(before, after),
    ...(phase === phaseBefore || phase === undefined ? [] : [`${after.run.name}: ${phase}`]),
    // Of an operation that was undone that is how it ends, and the phase has said so.
    ...(after.run.open || before?.run.open === false || phase === 'aborted' || phase === 'torn-down'
      ? []
      : [`${after.run.name}: the workflow is ${after.run.status.toLowerCase()}`]),
  ];
}

function pauseChanges(before: Snapshot | undefined, { run, state }: Snapshot): string[] {
  const paused = state?.paused;
  const pausedBefore = before?.state?.paused;
  if (state === undefined || JSON.stringify(paused) === JSON.stringify(pausedBefore)) return [];
  return [`${run.name}: ${paused === undefined ? 'no longer paused' : pausedSince(paused)}`];
}

function teardownChanges(before: Snapshot | undefined, after: Snapshot): string[] {
  const text = awaitedOf(after);
  return text === undefined || (before !== undefined && text === awaitedOf(before)) ? [] : [`waits for ${text}`];
}

function awaitedOf({ state }: Snapshot): string | undefined {
  const awaiting = state?.teardown?.awaiting;
  return state?.phase !== 'live' || awaiting === undefined ? undefined : awaitedText(awaiting);
}

function deliveryChanges(before: Snapshot | undefined, after: Snapshot, now: number): string[] {
  const line = deliveryLine(after, now);
  return line === undefined || (before !== undefined && line === deliveryLine(before, now)) ? [] : [line];
}

function titleOf(activityName: string): string {
  const step = stepOf(activityName);
  return Object.hasOwn(STEPS, step) ? STEPS[step as keyof typeof STEPS].title : activityName;
}
