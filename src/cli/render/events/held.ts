/** `held`: events that wait for a person, and what was decided. */
import { counted } from '../../../domain/counted.js';
import { sentenceOf } from '../../../domain/errors.js';
import { EXCEPTION_FACTS, isDecisionPossible } from '../../../domain/exceptions/exceptions.js';
import type {
  DecideResult,
  ExceptionDetails,
  ExceptionPage,
  ExceptionSummary,
} from '../../../domain/exceptions/heldEvents.js';
import { errorDocument } from '../../../domain/errorDocument.js';
import type { Paint } from '../paint.js';
import { columns, elapsed, instant } from '../text.js';
import { sentUnder } from './versions.js';

/** Enough to tell ids apart in a list, and to find one by it. */
const ID_PREFIX = 12;
const MAX_FACT_WIDTH = 60;

export function renderExceptions(
  { exceptions, total, next, retired = false }: ExceptionPage,
  { name, state, now }: { readonly name: string; readonly state: string; readonly now: number },
  paint: Paint,
): string {
  if (exceptions.length === 0) {
    return state === 'held'
      ? paint.good(`No event of ${name} is held.`)
      : `No event of ${name} is recorded as ${state}.`;
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
    'WHAT HAPPENED LAST',
  ];
  return [
    columns([titles.map(paint.faint), ...rows], 0),
    '',
    `${counted(total, 'event')}${total > exceptions.length ? `, of which ${exceptions.length} are shown` : ''}. ${paint.faint(`\`chatlio-aep held show ${name} ID\` shows more.`)}`,
    ...(next === undefined || total <= exceptions.length
      ? []
      : [`More: \`chatlio-aep held list ${name} --after ${next}\``]),
    ...(state === 'held' ? ['', ...decisionsFor(exceptions, { retired }, paint)] : []),
  ].join('\n');
}

function decisionsFor(
  exceptions: readonly ExceptionSummary[],
  source: { readonly retired: boolean },
  paint: Paint,
): string[] {
  const reasons = [...new Set(exceptions.map(({ reason }) => reason))];
  return [
    columns(
      reasons.map((reason) => {
        const { meaning, decisions } = EXCEPTION_FACTS[reason];
        const possible = decisions.filter((decision) => isDecisionPossible(decision, source));
        return [paint.caution(reason), paint.faint(meaning), possible.join(', ')];
      }),
    ),
    ...(source.retired ? ['', paint.faint(ONCE_PROVISIONED_AGAIN)] : []),
  ];
}

const ONCE_PROVISIONED_AGAIN =
  'The source was torn down: its events can be sent again once `chatlio-aep provision FILE` has created it again.';

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
  const { exception, allowed, retired = false, evidence, decisions, versions, bodyBytes, body, answers } = details;
  const { id, reason, state, resolution } = exception;
  const since = Date.parse(exception.since);
  return [
    `${paint.strong(`Event ${id} of ${name}`)}  ${paint.caution(reason)}  ${resolution ?? state}  ${paint.faint(EXCEPTION_FACTS[reason].meaning)}`,
    columns([
      [paint.faint('event id'), exception.eventId],
      [paint.faint('kind'), exception.kind ?? 'unknown to this release'],
      [paint.faint('since'), `${instant(since)}  ${paint.faint(`for ${elapsed(now - since)}`)}`],
      [paint.faint('sent'), versions === undefined ? counted(exception.attempts, 'time') : sentUnder(versions)],
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
    ...(retired && exception.state === 'held' ? ['', paint.faint(ONCE_PROVISIONED_AGAIN)] : []),
    ...(answers === undefined
      ? []
      : [
          '',
          paint.strong('What the inlet answered'),
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
  if (bodyBytes === undefined) return 'no longer kept';
  if (body === undefined) return `${bodyBytes} bytes, not shown; --reveal shows it`;
  return `${bodyBytes} bytes, below`;
}

const DONE: Readonly<Record<DecideResult['decision'], string>> = {
  resend: 'sent again',
  abandon: 'abandoned',
  'mark-delivered': 'marked as delivered',
  reparse: 'read again',
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
      ? [
          `${counted(remaining, 'event')} that match${remaining === 1 ? 'es' : ''} the filter ${remaining === 1 ? 'is' : 'are'} still held.`,
        ]
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
