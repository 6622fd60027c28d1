/** Credentials from a terminal, which pass through Temporal: sealed to a key of one use that only this installation can open. */
import { codedError } from '../../domain/errors.js';
import type { CredentialsFor, Recipient, SealedCredentials } from '../../domain/accounts.js';
import type { Ask, SealedAnswer } from '../../domain/inquiries.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { createRecipientKey, openSealed, sealFor } from '../../temporal/sealedAnswer.js';

type Keys = Pick<KeyRing, 'accessKey' | 'seal' | 'open'>;

/** The ticket opens as this and nothing else. */
const TICKET = Buffer.from('credentials/ticket');
/** A question takes seconds; what is taken from a history later is of no use. */
const LASTS_MS = 600_000;

interface Ticket {
  readonly privateKey: string;
  readonly madeAtMs: number;
}

/** The worker that is given the credentials may be another: the ticket is all that it needs, with the key file. */
export function recipientOf({ keyRing }: { readonly keyRing: Keys }, { sealTo }: Ask<'recipient'>): SealedAnswer {
  const own = createRecipientKey();
  const ticket: Ticket = { privateKey: own.privateKey.toString('base64'), madeAtMs: Date.now() };
  const recipient: Recipient = {
    sealTo: own.sealTo,
    ticket: keyRing.seal(Buffer.from(JSON.stringify(ticket)), TICKET).toString('base64'),
  };
  return { v: 1, sealed: sealFor(keyRing.accessKey, sealTo, JSON.stringify(recipient)) };
}

/** @throws CodedError `CAEP_CREDENTIALS_EXPIRED`; `CAEP_ANSWER_NOT_AUTHENTIC` and `CAEP_DATA_DAMAGED` where they were changed */
export function openCredentials(
  keyRing: Keys,
  { ticket, sealed }: SealedCredentials,
  account: Omit<CredentialsFor, 'params'>,
): CredentialsFor['params'] {
  const { opened, isCurrent } = openFromTerminal(keyRing, { ticket, sealed });
  const { sandbox, id, params } = JSON.parse(opened) as CredentialsFor;
  if (!isCurrent || sandbox !== account.sandbox || id !== account.id) throw codedError('CAEP_CREDENTIALS_EXPIRED', {});
  return params;
}

/** What a terminal has sealed to a {@link recipientOf}: JSON, which says itself what it is for. */
export function openFromTerminal(
  keyRing: Keys,
  { ticket, sealed }: SealedCredentials,
): { readonly opened: string; readonly isCurrent: boolean } {
  const { privateKey, madeAtMs } = JSON.parse(keyRing.open(Buffer.from(ticket, 'base64'), TICKET).toString()) as Ticket;
  const opened = openSealed(keyRing.accessKey, Buffer.from(privateKey, 'base64'), sealed);
  return { opened, isCurrent: Math.abs(Date.now() - madeAtMs) < LASTS_MS };
}
