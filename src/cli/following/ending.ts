/** How a command that follows a source ends: what it prints and its exit code. */
import { EXIT_CODES, type ExitCode } from '../../domain/errors.js';
import type { Followed } from './follow.js';
import type { Snapshot } from './snapshot.js';
import { knownIntake } from '../knownIntake.js';
import type { Context } from '../ports.js';
import type { Sources } from '../../temporal/sources/port.js';
import { paintedPhase, opensLine, phaseOf, renderHold, renderLeft, sourceDocument } from '../render/source/source.js';
import { standstillLines } from '../render/source/standstill.js';
import { columns, elapsed } from '../render/text.js';

/**
 * With the gate of a source that is live: something other than its workflow may have closed it, and provisioning again does not
 * open it.
 */
export async function withGate(context: Context, sources: Sources, followed: Followed): Promise<Followed> {
  if (followed.ending !== 'live') return followed;
  const { snapshot } = followed;
  return { ...followed, snapshot: { ...snapshot, intake: await knownIntake(context, sources, snapshot.run.name) } };
}

/** What the person asked for: a source that is live, or one whose operation is undone. */
export type Wish = 'live' | 'undone';

function exitCodeOf(ending: Followed['ending'], wish: Wish): ExitCode {
  switch (ending) {
    case 'live':
      return EXIT_CODES.done;
    case 'held':
      return EXIT_CODES.waitingForPerson;
    case 'aborted':
    case 'torn-down':
      return wish === 'undone' ? EXIT_CODES.done : EXIT_CODES.failed;
    case 'closed':
      return EXIT_CODES.failed;
    case 'interrupted':
      return EXIT_CODES.interrupted;
    default:
      return ending satisfies never;
  }
}

export function reportEnding(context: Context, name: string, followed: Followed, wish: Wish): ExitCode {
  const { ending, snapshot } = followed;
  if (ending === 'interrupted') {
    context.output.note(`\nDetached: the operation continues. Follow it again with \`chatlio-aep watch ${name}\`.`);
  }
  if (snapshot !== undefined && (ending !== 'interrupted' || context.output.format === 'json')) {
    context.output.result({ ...sourceDocument(snapshot), ending }, () =>
      endingText(context, followed.ending, snapshot),
    );
  }
  return exitCodeOf(ending, wish);
}

function endingText(context: Context, ending: Followed['ending'], snapshot: Snapshot): string {
  const { paint } = context.output;
  const { run, state } = snapshot;
  if (ending === 'held' && state?.hold !== undefined)
    return `${renderHold(state.hold, run.name, paint)}${uiLine(snapshot)}`;
  if (ending === 'live' && state !== undefined) {
    const took = state.liveSince === undefined ? '' : ` after ${elapsed(state.liveSince - run.startedAt)}`;
    const standstill = standstillLines(snapshot, context.now(), paint);
    const sending = standstill.length === 0 ? `: ${opensLine(state, context.now(), snapshot.intake?.gate)}` : '';
    return [
      `${paint.good('✔')} ${paint.strong(run.name)} is live${took}${sending}.`,
      ...standstill,
      '',
      columns([
        [`chatlio-aep urls ${run.name}`, paint.faint('the webhook URLs to paste into Chatlio')],
        [`chatlio-aep send ${run.name} new-conversation`, paint.faint('post a realistic event')],
        [`chatlio-aep watch ${run.name}`, paint.faint('follow its events')],
      ]) + uiLine(snapshot),
    ].join('\n');
  }
  const left = state === undefined ? [] : renderLeft(state, paint);
  return [
    `${paint.strong(run.name)} is ${paintedPhase(phaseOf(snapshot), paint)}.`,
    ...left,
    '',
    columns([
      [
        `chatlio-aep ${state?.resources.flow?.origin === 'adopted' ? 'adopt' : 'provision'} FILE`,
        paint.faint('start again, using what still exists'),
      ],
    ]),
  ].join('\n');
}

function uiLine({ run }: Snapshot): string {
  return run.url === undefined ? '' : `\n\n  ${run.url}`;
}
