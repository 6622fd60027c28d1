/** What an operator reads in the Temporal UI's "current details": state of every step, what is held and why, what to type. */
// Stryker disable StringLiteral: what this file says is wording, not decisions.
import { WITHOUT_PROOF } from '../exceptions/proof.js';
import { describeAdobeError, remedyOf, sentenceOf, type CatalogueError } from '../errors.js';
import { type Paused, pauseReason } from '../delivery/pause.js';
import { countOf, driftText } from '../drift/drift.js';
import { markdownCode, markdownDocument, markdownText } from '../printable.js';
import { updateByHand } from '../updateByHand.js';
import { awaitedOfFlow, isDue } from './updating/replacing.js';
import type { Hold, SourceState, StepState } from './source.js';
import { STEPS } from './steps.js';
import { awaitedText, commandWithoutWaiting, type Teardown } from './teardown.js';

/** Not broken between mark and word: the UI's column is narrow. */
const STATE_MARKS: Readonly<Record<StepState, string>> = {
  waiting: '·\u00a0waiting',
  running: '▶\u00a0running',
  made: '✓\u00a0made',
  adopted: '✓\u00a0adopted',
  held: '■\u00a0**held**',
  undoing: '↺\u00a0undoing',
  undone: '↺\u00a0undone',
  left: '!\u00a0left',
};

/** Markdown without images and HTML, which the UI does not show. */
export function describeSource(state: SourceState, workflowId: string): string {
  const { name } = state.manifest;
  const rows = state.steps.map(
    ({ step, state: stepState, id }, index) =>
      `| ${index + 1} | ${STEPS[step].title} | ${STATE_MARKS[stepState]} | ${id === undefined ? '' : markdownCode(shortId(id))} |`,
  );
  return markdownDocument([
    // As the summary, which Temporal gives to the first run alone.
    `Chatlio source **${name}** in sandbox \`${state.manifest.sandbox}\` is **${state.phase}** · uid \`${state.uid}\``,
    '',
    '| # | Step | State | Id |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    ...holdLines(state, workflowId),
    ...awaitingLines(state),
    ...remainderLines(state),
    ...replacedLines(state),
    ...heldEventLines(state),
    ...driftLines(state),
    ...liveLines(state, workflowId),
  ]);
}

function heldAt({ step, during, waitsFor }: Hold): string {
  if (waitsFor !== undefined) return '**The teardown is held**';
  return `**Held at "${STEPS[step].title}"** (${during === 'do' ? 'making it' : 'undoing it'})`;
}

/** What `abort` does to what is held. */
export function abortMeans({ during, waitsFor }: Pick<Hold, 'during' | 'waitsFor'>): string {
  if (waitsFor !== undefined) return 'take the teardown back: the webhook URLs are taken again';
  return during === 'do' ? 'undo what this operation made' : 'give up, and leave the rest where it is';
}

/** What a teardown waits for before it changes anything at Adobe. */
function awaitingLines({ teardown, phase, hold, manifest: { name } }: SourceState): string[] {
  if (teardown === undefined || (phase !== 'live' && hold?.waitsFor === undefined)) return [];
  return [
    `**This source is being torn down**${whose(teardown)}. Its webhook URLs are not taken any more: remove them from Chatlio's settings.`,
    '',
    ...(teardown.awaiting === undefined
      ? []
      : [
          `Since ${iso(teardown.awaiting.since)} it waits for: ${markdownText(awaitedText(teardown.awaiting))}. To go on without waiting:`,
          '',
          '```',
          ...commandWithoutWaiting(name, teardown.awaiting).slice(0, 1),
          `chatlio-aep abort ${name}     # ${abortMeans({ during: 'do', waitsFor: teardown.awaiting.wait })}`,
          '```',
          '',
        ]),
  ];
}

function whose({ by, reason, since }: Teardown): string {
  return `, since ${iso(since)}${by === undefined ? '' : ` by ${markdownText(by)}`}${reason === undefined ? '' : `: ${markdownText(reason)}`}`;
}

/** The UI's column is narrow, and of an XDM `$id` only the last part tells one from another. */
function shortId(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

function holdLines(state: SourceState, workflowId: string): string[] {
  const { hold, manifest } = state;
  if (hold === undefined) return [];
  const error = inMarkdown({ ...hold.error, fields: { name: manifest.name, ...hold.error.fields } });
  const sentence = sentenceOf(error);
  const adobe = error.adobe === undefined ? undefined : describeAdobeError(error.adobe);
  return [
    `${heldAt(hold)}: \`${error.code}\` ${sentence}`,
    ...(adobe === undefined || sentence.includes(adobe) ? [] : ['', `Adobe: ${adobe}`]),
    '',
    remedyOf(error),
    '',
    '```',
    `chatlio-aep resume ${manifest.name}    # try again from here`,
    `chatlio-aep abort ${manifest.name}     # ${abortMeans(hold)}`,
    '```',
    '',
    ...byHand('resume', workflowId),
  ];
}

/** What others have said, in the fields and by Adobe, as text. */
function inMarkdown({ fields, adobe, ...error }: CatalogueError): CatalogueError {
  const text = <T extends object>(values: T): T =>
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        typeof value === 'string' ? markdownText(value) : (value as unknown),
      ]),
    ) as T;
  return { ...error, fields: text(fields), ...(adobe === undefined ? {} : { adobe: text(adobe) }) };
}

/** How to send an update without our command line. */
function byHand(update: string, workflowId: string): string[] {
  return [
    `From this page: **More Actions** → **Send an Update** → \`${update}\`, input \`{}\`. With the Temporal CLI:`,
    '',
    '```',
    ...updateByHand(workflowId, update),
    '```',
    '',
  ];
}

function remainderLines(state: SourceState): string[] {
  if (state.remainders.length === 0) return [];
  return [
    '**Left behind**',
    '',
    ...state.remainders.map(
      ({ step, id, reason }) =>
        `- ${STEPS[step].title}${id === undefined ? '' : ` ${markdownCode(id)}`}: ${markdownText(reason)}`,
    ),
    '',
  ];
}

/** Beside those that the source uses. */
function replacedLines({ replaced = [], phase }: SourceState): string[] {
  const due = replaced.filter(isDue);
  if (due.length === 0 || phase !== 'live') return [];
  return [
    '**Replaced**, and removed once nothing of it is open. At once: `chatlio-aep update FILE --now`',
    '',
    ...due.map(({ resources, since, awaiting, error }) => {
      const open = awaiting === undefined ? '' : awaitedOfFlow(awaiting);
      return `- flow ${markdownCode(resources.flow?.id ?? 'that was not made')}, since ${iso(since)}${open === '' ? '' : `: ${open}`}${error === undefined ? '' : `; ${markdownText(sentenceOf(error))}`}`;
    }),
    '',
  ];
}

function heldEventLines({ heldEvents = 0, manifest: { name } }: SourceState): string[] {
  if (heldEvents === 0) return [];
  return [`**${countOfHeld(heldEvents)}**: \`chatlio-aep held list ${name}\``, ''];
}

/** What a teardown says of the events that it leaves. */
export function countOfHeld(events: number): string {
  return events === 1 ? '1 event is held for a decision' : `${events} events are held for a decision`;
}

function liveLines({ phase, manifest, operation, paused, opensAt }: SourceState, workflowId: string): string[] {
  if (phase !== 'live') return [];
  const { name } = manifest;
  return [
    ...(operation === undefined || operation.kind === 'teardown'
      ? []
      : [`**${operation.kind}** has been running since ${iso(operation.startedAt)}.`, '']),
    ...(paused === undefined ? [] : pausedLines(paused, name, workflowId)),
    ...(manifest.proof === 'none' ? [`**${WITHOUT_PROOF}**`, ''] : []),
    `Live.${opensAt === undefined || paused !== undefined ? '' : ` Events are sent from ${opensAt} on.`} Webhook URLs: \`chatlio-aep urls ${name}\``,
  ];
}

/** What somebody has changed in Adobe, by the last look. */
function driftLines({ drift, phase, manifest: { name } }: SourceState): string[] {
  if (drift === undefined || phase !== 'live') return [];
  const failed =
    drift.failed === undefined ? [] : [`The last look at Adobe’s objects failed: \`${drift.failed.code}\`.`, ''];
  if (countOf(drift) === 0) return failed;
  return [
    `**In Adobe somebody has changed what belongs to this source**: ${driftText(drift)}, seen at ${iso(drift.lookedAt)}.`,
    '',
    ...drift.drifted
      .slice(0, SHOWN_ROWS)
      .map(({ step, kind, field }) => `- ${STEPS[step].title}: ${kind === 'gone' ? 'deleted' : markdownText(field)}`),
    '',
    '```',
    `chatlio-aep drift ${name}`,
    `chatlio-aep repair ${name}`,
    '```',
    '',
    ...failed,
  ];
}

const SHOWN_ROWS = 10;

function pausedLines(paused: Paused, name: string, workflowId: string): string[] {
  const flow = paused.flowDisabled === true ? ' The flow is disabled at Adobe.' : '';
  return [
    `This source is **${markdownText(pauseReason(paused))}**, since ${iso(paused.since)}. Events are still taken, and wait.${flow} To start sending again:`,
    '',
    '```',
    `chatlio-aep unpause ${name}`,
    '```',
    '',
    ...byHand('unpause', workflowId),
  ];
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
