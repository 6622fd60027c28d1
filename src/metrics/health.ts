/** Whether a worker does its work, for `/readyz`: answered in time, whatever does not answer the worker. */
import { type CatalogueError, CodedError, codedError } from '../domain/errors.js';
import { type Check, type Concern, concernOf, type HealthDocument } from './healthDocument.js';
import { messageOf } from '../domain/messageOf.js';
import { within } from '../process/within.js';
import { createReading } from './reading.js';

/** Below the second that a probe waits. */
const LOOK_MS = 800;

/** Of what went wrong. */
const CHECKS: readonly (readonly [prefix: string, check: Check])[] = [
  ['CAEP_DATABASE', 'database'],
  ['CAEP_KEY', 'keys'],
  ['CAEP_SCHEMA', 'schema'],
  ['CAEP_TEMPORAL', 'temporal'],
];

export interface Look {
  /** @throws CodedError what is wrong */
  readonly look: () => Promise<void>;
  /** If it takes too long. */
  readonly late: () => CodedError;
}

interface Health {
  readonly isReady: boolean;
  readonly document: HealthDocument;
}

/**
 * @param looks made when somebody asks, at most twice a second
 * @param standing what is known without a look
 */
export function createHealth(
  looks: readonly Look[],
  standing: () => { readonly reasons: readonly Concern[]; readonly warnings: readonly Concern[] },
): () => Promise<Health> {
  const reading = createReading(async () => (await Promise.all(looks.map(concernsBy))).flat());
  return async () => {
    const { figures: found = [] } = await reading.now();
    const known = standing();
    const reasons = [...known.reasons, ...found];
    const isReady = reasons.length === 0;
    const status = isReady ? 'ready' : 'not ready';
    return { isReady, document: { v: 1, status, reasons, warnings: known.warnings } };
  };
}

async function concernsBy({ look, late }: Look): Promise<Concern[]> {
  try {
    await within(LOOK_MS, look(), () => {
      throw late();
    });
    return [];
  } catch (cause) {
    const error = cause instanceof CodedError ? cause : codedError('CAEP_INTERNAL', { reason: messageOf(cause) });
    const checkOf = ({ code }: CatalogueError) => CHECKS.find(([prefix]) => code.startsWith(prefix))?.[1];
    return [concernOf(checkOf(error.error) ?? checkOf(late().error) ?? 'database', error)];
  }
}
