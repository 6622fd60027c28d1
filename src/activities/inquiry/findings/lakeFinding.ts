import type { AdobeClients } from '../../../adobe/clients.js';
import { AdobeCallError, mayPass } from '../../../adobe/http/errors.js';
import { openLakeSession } from '../../../adobe/lake/lakeSession.js';
import { codedError, describeAdobeError } from '../../../domain/errors.js';

/**
 * Opens a session: being told how to reach the lake does not mean that one may.
 *
 * @throws CodedError `CAEP_LAKE_REFUSED`, whose remedy says what is then not known, or `CAEP_LAKE_UNAVAILABLE`
 */
export async function checkLake(
  { queryService }: Pick<AdobeClients, 'queryService'>,
  override?: string,
): Promise<string> {
  const session = await openLakeSession(queryService, override).catch((error: unknown) => {
    if (!(error instanceof AdobeCallError) || mayPass(error)) throw error;
    throw codedError('CAEP_LAKE_REFUSED', { reason: describeAdobeError(error.error) }, { cause: error });
  });
  try {
    await session.query('SELECT 1');
  } finally {
    await session.close();
  }
  return `${session.parameters.database} at ${session.parameters.host} can be read, so accepted events are confirmed`;
}
