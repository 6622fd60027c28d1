/** `audit`: where every event is, and each difference by its id. */
import { AUDIT_LISTS, type AuditList, type AuditReport, hasDifferences } from '../../domain/audit.js';
import { PART_FACTS } from '../../domain/eventParts.js';
import type { Paint } from './paint.js';
import { columns, counted, instant } from './text.js';

const TITLES: Readonly<Record<AuditList, string>> = {
  lost: 'Lost',
  repeated: 'Repeated',
  invented: 'Invented',
  undecided: 'Undecided',
};
const MEANINGS: Readonly<Record<AuditList, string>> = {
  lost: 'answered and not in the log, or accepted and not in the lake',
  repeated: 'in the lake more than once',
  invented: 'in the lake, and never taken',
  undecided: 'looked for in the lake, or held for a person',
};
/** On a terminal; JSON has more. */
const SHOWN = 20;

export function renderAudit(report: Omit<AuditReport, 'v'>, paint: Paint): string {
  const { name, since, until, counts, lake, notKnown } = report;
  const row = (label: string, count: number, more = '') => [label, String(count), paint.faint(more)];
  const some = (label: string, count: number, more: string) => (count === 0 ? [] : [row(label, count, more)]);
  const rows = [
    row('taken', counts.taken, 'answered to Chatlio'),
    row('accepted', counts.accepted, PART_FACTS.accepted.meaning),
    ...(lake.read ? [row('  confirmed', counts.confirmed, `in the lake exactly once (${lake.table})`)] : []),
    ...some('  not visible yet', counts.notYetVisible, 'accepted more recently than the lake needs'),
    ...some('  not compared', counts.notCompared, 'older than what is kept'),
    row('waiting', counts.waiting + counts.spooled, 'to be sent, or sent and not answered yet'),
    ...some('abandoned', counts.abandoned, PART_FACTS.abandoned.meaning),
    ...some('replaced', counts.replaced, PART_FACTS.replaced.meaning),
    ...some('marked delivered', counts.markedDelivered, PART_FACTS.markedDelivered.meaning),
    ...AUDIT_LISTS.map((list) => [
      TITLES[list].toLowerCase(),
      counts[list] === 0
        ? '0'
        : list === 'undecided'
          ? paint.caution(String(counts[list]))
          : paint.bad(String(counts[list])),
      paint.faint(MEANINGS[list]),
    ]),
  ];
  return [
    `${paint.strong(name)}  ${paint.faint(`${instant(Date.parse(since))} to ${instant(Date.parse(until))}`)}`,
    columns(rows),
    ...AUDIT_LISTS.flatMap((list) => renderList(report, list, paint)),
    ...(notKnown.length === 0
      ? []
      : ['', paint.strong('Not known'), ...notKnown.map((what) => `  ${paint.caution('!')} ${what}`)]),
    '',
    verdict(report, paint),
    ...(counts.undecided === 0 ? [] : [`Decide what is undecided: \`chatlio-aep held list ${name}\`.`]),
  ].join('\n');
}

function verdict(report: Omit<AuditReport, 'v'>, paint: Paint): string {
  if (hasDifferences(report)) return paint.bad('✖ There are differences.');
  if (!report.lake.read) {
    return paint.caution(
      '! No difference between receivers and log; whether the lake has what was accepted is not known.',
    );
  }
  const asFar = report.notKnown.length === 0 ? '' : ', as far as is known';
  return paint.good(`✔ No event is lost, repeated or invented${asFar}.`);
}

function renderList({ lists, counts }: Omit<AuditReport, 'v'>, list: AuditList, paint: Paint): string[] {
  const events = lists[list].slice(0, SHOWN);
  if (events.length === 0) return [];
  const rest = counts[list] - events.length;
  return [
    '',
    paint.strong(TITLES[list]),
    columns(
      events.map(({ eventId, kind, loggedAt, what }) => [
        eventId,
        kind ?? '',
        loggedAt === undefined ? '' : paint.faint(instant(Date.parse(loggedAt))),
        what,
      ]),
    ),
    ...(rest > 0 ? [paint.faint(`  and ${counted(rest, 'other')}`)] : []),
  ];
}
