/** `audit`: where every event is, and each difference by its id. */
import { AUDIT_LISTS, type AuditList, type AuditReport, hasDifferences } from '../../domain/audit.js';
import type { Paint } from './paint.js';
import { columns, counted, instant } from './text.js';

const TITLES: Readonly<Record<AuditList, string>> = {
  lost: 'Lost',
  repeated: 'Repeated',
  invented: 'Invented',
  undecided: 'Undecided',
};
/** On a terminal; JSON has more. */
const SHOWN = 20;

export function renderAudit(report: Omit<AuditReport, 'v'>, paint: Paint): string {
  const { name, since, until, counts, lake, notKnown } = report;
  const row = (label: string, count: number, more = '') => [label, String(count), paint.faint(more)];
  const some = (label: string, count: number, more: string) => (count === 0 ? [] : [row(label, count, more)]);
  const rows = [
    row('taken', counts.taken, 'answered to Chatlio'),
    row('accepted', counts.accepted, 'the inlet said that it has them'),
    ...(lake.read ? [row('  confirmed', counts.confirmed, `in the lake exactly once (${lake.table})`)] : []),
    ...some('  not visible yet', counts.notYetVisible, 'accepted more recently than the lake needs'),
    ...some('  not compared', counts.notCompared, 'older than what is kept'),
    row('waiting', counts.waiting + counts.spooled, 'will be sent'),
    ...some('abandoned', counts.abandoned, 'by a person’s decision'),
    ...some('replaced', counts.replaced, 'delivered as another event'),
    ...some('marked delivered', counts.markedDelivered, 'by a person’s decision'),
    ...AUDIT_LISTS.map((list) => [
      TITLES[list].toLowerCase(),
      counts[list] === 0
        ? '0'
        : list === 'undecided'
          ? paint.caution(String(counts[list]))
          : paint.bad(String(counts[list])),
      '',
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
    hasDifferences(report)
      ? paint.bad('✖ There are differences.')
      : paint.good(`✔ No event is lost, repeated or invented${notKnown.length === 0 ? '' : ', as far as is known'}.`),
    ...(counts.undecided === 0 ? [] : [`Decide what is undecided: \`chatlio-aep held list ${name}\`.`]),
  ].join('\n');
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
