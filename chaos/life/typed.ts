/** A command as a person types it: once more where it says that the same may succeed later. Nothing else is done for it. */
import { setTimeout as delay } from 'node:timers/promises';
import { CodedError, ERROR_CATALOGUE } from '../../src/domain/errors.js';
import type { Underway } from '../../src/temporal/sources/port.js';

const AT_MOST = 10;
const AGAIN_AFTER_MS = 3_000;

/**
 * @returns how often it was typed again
 * @throws CodedError with what does not change by waiting
 */
export async function typed(ask: () => Promise<Underway<unknown>>): Promise<number> {
  for (let again = 0; ; again += 1) {
    try {
      await (await ask()).result();
      return again;
    } catch (error) {
      if (!(error instanceof CodedError) || !saysAgain(error) || again === AT_MOST) throw error;
      await delay(AGAIN_AFTER_MS);
    }
  }
}

/** The server is busy, no worker has answered in time, or the command before is still being carried out. */
function saysAgain({ error }: CodedError): boolean {
  return ERROR_CATALOGUE[error.code].retryable;
}
