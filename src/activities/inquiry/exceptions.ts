import { codedError } from '../../domain/errors.js';
import {
  type ExceptionDetails,
  type ExceptionPage,
  MAX_PAGE,
  MAX_REVEALED_BYTES,
} from '../../domain/exceptions/heldEvents.js';
import { isDecisionPossible } from '../../domain/exceptions/exceptions.js';
import type { Ask } from '../../domain/inquiries.js';
import type { Database } from '../../store/connection/database.js';
import { findException, pageOfExceptions } from '../../store/views/exceptionPages.js';
import { readInletAnswers } from '../../store/delivery/inletAnswers.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { requireSource } from '../../store/sources/sources.js';
import { sealFor } from '../../temporal/sealedAnswer.js';
import { shownBody } from './shownBody.js';

export async function exceptionPage(database: Database, ask: Ask<'exceptions'>): Promise<ExceptionPage> {
  const { id, retired } = await requireSource(database, ask.name);
  const page = await pageOfExceptions(database, id, { ...ask, limit: Math.min(ask.limit, MAX_PAGE) });
  return retired ? { ...page, retired: true } : page;
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
  const { kind } = details.exception;
  const body = sealed === undefined ? undefined : shownBody(keyRing, { sourceId: source.id, eventId, kind, sealed });
  return {
    ...details,
    allowed: details.allowed.filter((decision) => isDecisionPossible(decision, source)),
    ...(source.retired ? { retired: true } : {}),
    ...(body === undefined ? {} : { bodyBytes: body.length }),
    ...(sealTo === undefined || body === undefined
      ? {}
      : { sealedBody: sealFor(keyRing.accessKey, sealTo, body.subarray(0, MAX_REVEALED_BYTES).toString('utf8')) }),
    ...(sealTo === undefined || answers.length === 0
      ? {}
      : { sealedAnswers: sealFor(keyRing.accessKey, sealTo, JSON.stringify(answers)) }),
  };
}
