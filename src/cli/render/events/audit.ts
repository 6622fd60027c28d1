/** `audit`: where every event is, and each difference by its id. */
import { counted } from '../../../domain/counted.js';
import { AUDIT_LISTS, type AuditList, type AuditReport, hasDifferences } from '../../../domain/audit.js';
import { WITHOUT_PROOF } from '../../../domain/exceptions/proof.js';
import { PART_FACTS } from '../../../domain/events/eventParts.js';
import type { Paint } from '../paint.js';
import { columns, instant } from '../text.js';
import { sentUnder } from './versions.js';

const TITLES: Readonly<Record<AuditList, string>> = {
  lost: 'Lost',
  repeated: 'Repeated',
  invented: 'Invented',
  undecided: 'Undecided',
};
const MEANINGS: Readonly<Record<AuditList, string>> = {
  lost: 'answered with 2xx but not in the event log, or accepted but not in the lake',
  repeated: 'in the lake more than once',
  invented: 'in the lake, but never taken by a receiver',
  undecided: 'being looked for in the lake, or held for a person to decide',
};
/** On a terminal; JSON has more. */
const SHOWN = 20;

export function renderAudit(report: Omit<AuditReport, 'v'>, paint: Paint): string {
  const { name, since, until, counts, lake, notKnown } = report;
  const row = (label: string, count: number, more = '') => [label, String(count), paint.faint(more)];
  const some = (label: string, count: number, more: string) => (count === 0 ? [] : [row(label, count, more)]);
  const rows = [
    row('taken', counts.taken, 'answered to Chatlio with 2xx'),
    row('accepted', counts.accepted, PART_FACTS.accepted.meaning),
    ...(lake.read ? [row('  confirmed', counts.confirmed, `in the lake exactly once (${lake.table})`)] : []),
    ...some(
      '  without proof',
      counts.unproven ?? 0,
      'sent under a mapping that does not tell events apart in the lake',
    ),
    ...some('  not visible yet', counts.notYetVisible, 'accepted too recently to be in the lake'),
    ...some('  not compared', counts.notCompared, 'too old, or sent to a dataset that could not be read'),
    row('waiting', counts.waiting + counts.spooled, 'not sent yet, or sent and not answered yet'),
    ...some('not recognised', counts.unrecognised ?? 0, 'rows in the lake: sent without proof, or by somebody else'),
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
    ...(counts.undecided === 0 ? [] : [`Decide about the undecided events: \`chatlio-aep held list ${name}\`.`]),
  ].join('\n');
}

function verdict(report: Omit<AuditReport, 'v'>, paint: Paint): string {
  if (hasDifferences(report)) return paint.bad('✖ There are differences.');
  if (report.proof === 'none') {
    return `${paint.caution('!')} Receivers and event log agree. ${WITHOUT_PROOF}`;
  }
  if (!report.lake.read) {
    return paint.caution(
      '! Receivers and event log agree. The lake could not be read, so it is not known whether it has the accepted events.',
    );
  }
  const asFar = report.notKnown.length === 0 ? '' : ', as far as is known';
  return paint.good(`✔ No event is lost, repeated or invented${asFar}.`);
}

function renderList({ name, lists, counts }: Omit<AuditReport, 'v'>, list: AuditList, paint: Paint): string[] {
  const events = lists[list].slice(0, SHOWN);
  if (events.length === 0) return [];
  const rest = counts[list] - events.length;
  return [
    '',
    paint.strong(TITLES[list]),
    columns(
      events.map(({ eventId, kind, loggedAt, what, versions }) => [
        eventId,
        kind ?? '',
        loggedAt === undefined ? '' : paint.faint(instant(Date.parse(loggedAt))),
        versions === undefined ? what : `${what}; sent ${sentUnder(versions)}`,
      ]),
    ),
    ...(rest > 0
      ? [paint.faint(`  and ${counted(rest, 'other')}: \`chatlio-aep audit ${name} --ids FILE\` lists all`)]
      : []),
  ];
}
