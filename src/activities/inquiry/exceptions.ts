import { codedError } from '../../domain/errors.js';
import { type ExceptionDetails, type ExceptionPage, MAX_PAGE, MAX_REVEALED_BYTES } from '../../domain/heldEvents.js';
import type { Ask } from '../../domain/plan.js';
import type { Database } from '../../store/database.js';
import { findException, pageOfExceptions } from '../../store/exceptionPages.js';
import { readInletAnswers } from '../../store/inletAnswers.js';
import type { KeyRing } from '../../store/keyRing.js';
import { openOr } from '../../store/opened.js';
import { requireSource } from '../../store/sources.js';
import { bodyContext } from '../../store/takenEvent.js';
import { sealFor } from '../../temporal/sealedAnswer.js';

export async function exceptionPage(database: Database, ask: Ask<'exceptions'>): Promise<ExceptionPage> {
  const { id } = await requireSource(database, ask.name);
  return pageOfExceptions(database, id, { ...ask, limit: Math.min(ask.limit, MAX_PAGE) });
}

/** The body only for who asks for it, sealed to that process: the answer stands in Temporal's history. */
export async function exceptionDetails(
  { database, keyRing }: { readonly database: Database; readonly keyRing: Pick<KeyRing, 'open' | 'accessKey'> },
  { name, id, sealTo }: Ask<'exception'>,
): Promise<ExceptionDetails> {
  const source = await requireSource(database, name);
  const found = await findException(database, source.id, id);
  if (found === undefined) throw codedError('CAEP_EVENT_UNKNOWN', { name, id: String(id) });
  const { details, sealed } = found;
  const eventId = Buffer.from(details.exception.eventId, 'hex');
  const answers = sealTo === undefined ? [] : await readInletAnswers(database, keyRing, source.id, eventId);
  const opened = sealed === undefined ? undefined : openOr(keyRing, sealed, bodyContext(source.id, eventId));
  const body =
    opened === undefined
      ? undefined
      : 'fault' in opened
        ? Buffer.from(`(cannot be shown: ${opened.fault})`)
        : opened.body;
  return {
    ...details,
    ...(body === undefined ? {} : { bodyBytes: body.length }),
    ...(sealTo === undefined || body === undefined
      ? {}
      : { sealedBody: sealFor(keyRing.accessKey, sealTo, body.subarray(0, MAX_REVEALED_BYTES).toString('utf8')) }),
    ...(sealTo === undefined || answers.length === 0
      ? {}
      : { sealedAnswers: sealFor(keyRing.accessKey, sealTo, JSON.stringify(answers)) }),
  };
}
