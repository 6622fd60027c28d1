/** How each field leaves that a mapping reads, and what can still be told of what does not. */
import { counted } from '../../../domain/counted.js';
import { oneLine } from '../../../domain/printable.js';
import type { Redaction } from '../../../domain/projection/projection.js';
import type { LeavingField, PlannedLeaving } from '../../../domain/source/plan.js';
import type { Paint } from '../paint.js';
import { columns } from '../text.js';

const REDACTION_NAMES: Readonly<Record<Redaction, string>> = {
  cards: 'card numbers',
  emails: 'e-mail addresses',
  phones: 'phone numbers',
};

export function leavingLines({ fields, copies, notes }: PlannedLeaving, paint: Paint): string {
  const copied = new Map<string, string[]>();
  for (const { of, field } of copies) copied.set(of, [...(copied.get(of) ?? []), field]);
  const others = fields.filter((field) => !isWhole(field));
  return [
    `Field, leaves as ${paint.faint(counted(fields.length, 'field'))}`,
    columns([
      ...others.map((field) => [oneLine(field.field), paint.caution(leavesAs(field))]),
      ...(others.length === fields.length ? [] : [[restOf(others.length), paint.faint('whole')]]),
    ]),
    ...[...copied].map(
      ([of, where]) =>
        `${paint.caution('!')} ${nameOfRedaction(of) ?? oneLine(of)} can still be told from ${where.map(oneLine).join(', ')}.`,
    ),
    ...notes.map((note) => `${paint.faint('·')} ${note}`),
  ].join('\n');
}

function isWhole({ as, parts }: LeavingField): boolean {
  return as === 'whole' && parts === undefined;
}

/** The table of the mapping, which names each, stands above. */
function restOf(others: number): string {
  return others === 0 ? 'all of them' : 'all others';
}

function leavesAs({ as, redactions = [], parts = [] }: LeavingField): string {
  const named = redactions.map((one) => REDACTION_NAMES[one]).join(', ');
  const said = as === 'redacted' ? `redacted (${named})` : as === 'hashed' ? HASHED : as;
  const without = parts.filter((part) => part.as === 'dropped').map(({ field }) => oneLine(field));
  const hashed = parts.filter((part) => part.as === 'hashed').map(({ field }) => oneLine(field));
  return [
    said,
    ...(without.length === 0 ? [] : [`without ${without.join(', ')}`]),
    ...(hashed.length === 0 ? [] : [`${HASHED}: ${hashed.join(', ')}`]),
  ].join('; ');
}

const HASHED = 'hashed (SHA-256)';

/** Of what `privacy.redact` names; a path has no such name. */
function nameOfRedaction(of: string): string | undefined {
  return Object.hasOwn(REDACTION_NAMES, of) ? REDACTION_NAMES[of as Redaction] : undefined;
}
