import { activityInfo } from '@temporalio/activity';
import { codedError } from '../../domain/errors.js';
import type { ForwarderActivities } from '../../domain/forwarder.js';
import type { Decision } from '../../domain/exceptions.js';
import type { Database } from '../../store/database.js';
import { decideHeld } from '../../store/decisions.js';
import type { KeyRing } from '../../store/keyRing.js';
import type { Replace } from '../../store/replacement.js';
import { activityFailure } from '../failures.js';
import { createDeliverAsNew, createReparse, type ReplacingSource } from './replace.js';

/** A person waits for the answer. */
const BOUNDS = { maxAttempts: 5, firstDelayMs: 500, longestDelayMs: 5_000 };

/** Carries out a decision. What is refused is told in the catalogue's words, and not tried again. */
export function createDecideHeld(deps: {
  readonly database: Database;
  readonly keyRing: KeyRing;
}): ForwarderActivities['decideHeld'] {
  const { database, keyRing } = deps;
  return async ({ uid, name, requestId, decision: input }) => {
    try {
      const { rows } = await database.pool.query<ReplacingSource>(
        'select id as "sourceId", partitions from source where uid = $1',
        [uid],
      );
      const source = rows[0];
      if (source === undefined) throw codedError('CAEP_SOURCE_UNKNOWN', { name });
      const request = { sourceId: source.sourceId, name, requestId, input };
      return await decideHeld(database, request, replaceBy(input.decision, keyRing, source));
    } catch (failure) {
      throw activityFailure(failure, { attempt: activityInfo().attempt, bounds: BOUNDS, fields: { name } });
    }
  };
}

function replaceBy(decision: Decision, keyRing: KeyRing, source: ReplacingSource): Replace {
  switch (decision) {
    case 'reparse':
      return createReparse(keyRing, source);
    case 'deliver-as-new':
      return createDeliverAsNew(keyRing, source);
    case 'resend':
    case 'abandon':
    case 'mark-delivered':
    case 'acknowledge':
      return () => ({ fault: `the decision "${decision}" replaces nothing` });
    default:
      return decision satisfies never;
  }
}
