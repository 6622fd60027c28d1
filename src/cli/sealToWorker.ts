import type { Recipient, SealedCredentials } from '../domain/accounts.js';
import { createAsker, sealFor } from '../temporal/sealedAnswer.js';
import type { Sources } from '../temporal/sources/port.js';
import { accessKeyHere } from './asker.js';
import type { Context } from './ports.js';

/** Seals something that nobody may read on its way through Temporal; a worker makes a key of one use for it. */
export async function sealToWorker(
  context: Pick<Context, 'configuration'>,
  sources: Pick<Sources, 'ask'>,
  content: object,
): Promise<SealedCredentials> {
  const accessKey = await accessKeyHere(context);
  const asker = createAsker(accessKey);
  const answer = await sources.ask({ v: 1, ask: 'recipient', sealTo: asker.sealTo });
  const { sealTo, ticket } = JSON.parse(asker.open(answer.sealed)) as Recipient;
  return { ticket, sealed: sealFor(accessKey, sealTo, JSON.stringify(content)) };
}
