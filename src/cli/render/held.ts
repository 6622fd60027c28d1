/** `held`: events that wait for a person, and what was decided. */
import { sentenceOf } from '../../domain/errors.js';
import { EXCEPTION_FACTS } from '../../domain/exceptions.js';
import type { DecideResult, ExceptionDetails, ExceptionPage, ExceptionSummary } from '../../domain/heldEvents.js';
import { errorDocument } from './error.js';
import type { Paint } from './paint.js';
import { columns, counted, elapsed, instant } from './text.js';

/** Enough to tell ids apart in a list, and to find one by it. */
const ID_PREFIX = 12;
const MAX_FACT_WIDTH = 60;

export function renderExceptions(
  { exceptions, total, next }: ExceptionPage,
  { name, state, now }: { readonly name: string; readonly state: string; readonly now: number },
  paint: Paint,
): string {
  if (exceptions.length === 0) {
    return state === 'held' ? paint.good(`Nothing of ${name} is held.`) : `No exception of ${name} is ${state}.`;
  }
  const rows = exceptions.map((one) => [
    String(one.id),
    paint.caution(one.reason),
    ...(state === 'held' ? [] : [one.resolution ?? one.state]),
    one.kind ?? 'unknown',
    one.eventId.slice(0, ID_PREFIX),
    elapsed(now - Date.parse(one.since)),
    String(one.attempts),
    paint.faint(cut(one.lastFact ?? '')),
  ]);
  const titles = [
    'ID',
    'REASON',
    ...(state === 'held' ? [] : ['STATE']),
    'KIND',
    'EVENT',
    'SINCE',
    'SENT',
    'LAST FACT',
  ];
  return [
    columns([titles.map(paint.faint), ...rows], 0),
    '',
    `${counted(total, 'event')}${total > exceptions.length ? `, of which ${exceptions.length} are shown` : ''}. ${paint.faint(`\`chatlio-aep held show ${name} ID\` tells more.`)}`,
    ...(next === undefined || total <= exceptions.length
      ? []
      : [`More: \`chatlio-aep held list ${name} --after ${next}\``]),
    ...(state === 'held' ? ['', ...decisionsFor(exceptions, paint)] : []),
  ].join('\n');
}

function decisionsFor(exceptions: readonly ExceptionSummary[], paint: Paint): string[] {
  const reasons = [...new Set(exceptions.map(({ reason }) => reason))];
  return [
    columns(
      reasons.map((reason) => {
        const { meaning, decisions } = EXCEPTION_FACTS[reason];
        return [paint.caution(reason), paint.faint(meaning), decisions.join(', ')];
      }),
    ),
  ];
}

function cut(text: string): string {
  return text.length <= MAX_FACT_WIDTH ? text : `${text.slice(0, MAX_FACT_WIDTH - 1)}…`;
}

export interface InletWords {
  readonly at: string;
  readonly text: string;
}

export function renderException(
  details: Omit<ExceptionDetails, 'v' | 'sealedBody' | 'sealedAnswers'> & {
    readonly body?: string;
    readonly answers?: readonly InletWords[];
  },
  { name, now }: { readonly name: string; readonly now: number },
  paint: Paint,
): string {
  const { exception, allowed, evidence, decisions, bodyBytes, body, answers } = details;
  const { id, reason, state, resolution } = exception;
  const since = Date.parse(exception.since);
  return [
    `${paint.strong(`Event ${id} of ${name}`)}  ${paint.caution(reason)}  ${resolution ?? state}  ${paint.faint(EXCEPTION_FACTS[reason].meaning)}`,
    columns([
      [paint.faint('event id'), exception.eventId],
      [paint.faint('kind'), exception.kind ?? 'of another release'],
      [paint.faint('since'), `${instant(since)}  ${paint.faint(`for ${elapsed(now - since)}`)}`],
      [paint.faint('sent'), counted(exception.attempts, 'time')],
      ...(exception.arrivals === 1 ? [] : [[paint.faint('arrived'), counted(exception.arrivals, 'time')]]),
      ...(exception.nextAt === undefined ? [] : [[paint.faint('next'), untilText(Date.parse(exception.nextAt), now)]]),
      [paint.faint('version'), String(exception.version)],
      [paint.faint('content'), contentLine(bodyBytes, body)],
    ]),
    '',
    paint.strong('What is known'),
    columns(evidence.map(({ at, fact }) => [paint.faint(instant(Date.parse(at))), fact])),
    ...(decisions.length === 0
      ? []
      : [
          '',
          paint.strong('Decisions'),
          columns(
            decisions.map(({ at, by, decision, why }) => [paint.faint(instant(Date.parse(at))), by, decision, why]),
          ),
        ]),
    ...(allowed.length === 0
      ? []
      : ['', columns(allowed.map((decision) => [`chatlio-aep held ${decision} ${name} ${id} --why TEXT`]))]),
    ...(answers === undefined
      ? []
      : [
          '',
          paint.strong('What the inlet said'),
          columns(answers.map(({ at, text }) => [paint.faint(instant(Date.parse(at))), text])),
        ]),
    ...(body === undefined ? [] : ['', paint.strong('Content'), quoted(body, paint)]),
  ].join('\n');
}

/** A line of the content never begins where lines of ours do. */
function quoted(body: string, paint: Paint): string {
  return body.replaceAll(/^/gm, paint.faint('│ '));
}

function untilText(at: number, now: number): string {
  return `${instant(at)}${at > now ? `  (in ${elapsed(at - now)})` : ''}`;
}

function contentLine(bodyBytes: number | undefined, body: string | undefined): string {
  if (bodyBytes === undefined) return 'not kept any more';
  if (body === undefined) return `${bodyBytes} bytes, not shown; --reveal shows it`;
  const shown = Buffer.byteLength(body);
  return shown < bodyBytes ? `${bodyBytes} bytes, the first ${shown} below` : `${bodyBytes} bytes, below`;
}

const DONE: Readonly<Record<DecideResult['decision'], string>> = {
  resend: 'sent again',
  abandon: 'abandoned',
  'mark-delivered': 'marked as delivered',
  reparse: 'read anew',
  'deliver-as-new': 'delivered as new',
  acknowledge: 'acknowledged',
};

export function renderDecision(name: string, result: DecideResult, paint: Paint): string {
  const { decision, dryRun, decided, ids, left, remaining } = result;
  const verb = dryRun
    ? 'would be'
    : decision === 'resend' || decision === 'deliver-as-new'
      ? 'will be'
      : decided === 1
        ? 'is'
        : 'are';
  const line = `${counted(decided, 'event')} of ${name} ${verb} ${DONE[decision]}${dryRun ? '; nothing was changed' : ''}.`;
  return [
    dryRun ? paint.hint(line) : decided > 0 ? `${paint.good('✔')} ${line}` : line,
    ...(dryRun && ids.length > 0 ? [paint.faint(`  ${listed(ids)}`)] : []),
    ...left.map(({ error }) => `${paint.bad('✖')} ${sentenceOf(error)}`),
    ...(remaining > 0 && !dryRun
      ? [`${counted(remaining, 'event')} that the filter selects ${remaining === 1 ? 'is' : 'are'} still held.`]
      : []),
  ].join('\n');
}

const LISTED_IDS = 20;

function listed(ids: readonly number[]): string {
  return ids.length <= LISTED_IDS ? ids.join(', ') : `${ids.slice(0, LISTED_IDS).join(', ')} …`;
}

export function decisionDocument(name: string, { v: _v, left, ...result }: DecideResult): object {
  return { name, ...result, left: left.map(({ id, error }) => ({ id, error: errorDocument(error) })) };
}
