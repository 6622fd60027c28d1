import { activityInfo } from '@temporalio/activity';
import { codedError } from '../../domain/errors.js';
import type { ForwarderActivities } from '../../domain/delivery/forwarder.js';
import type { Decision } from '../../domain/exceptions/exceptions.js';
import type { DecideResult } from '../../domain/exceptions/heldEvents.js';
import type { Database } from '../../store/connection/database.js';
import { decideHeld } from '../../store/decisions/decisions.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import type { Replace } from '../../store/decisions/replacement.js';
import { activityFailure } from '../failures.js';
import { findSourceByUid } from '../../store/sources/sources.js';
import { createDeliverAsNew, createReparse, type ReplacingSource } from './replace.js';

/** A person waits for the answer. */
const BOUNDS = { maxAttempts: 5, firstDelayMs: 500, longestDelayMs: 5_000 };

export interface DecideDeps {
  readonly database: Database;
  readonly keyRing: KeyRing;
}

/** Carries out a decision. What is refused is told in the catalogue's words, and not tried again. */
export function createDecideHeld(deps: DecideDeps): ForwarderActivities['decideHeld'] {
  return async (input) => {
    try {
      return await carryOut(deps, input);
    } catch (failure) {
      const fields = { name: input.name };
      throw activityFailure(failure, { attempt: activityInfo().attempt, bounds: BOUNDS, fields });
    }
  };
}

/** @throws CodedError what the decision is refused for */
export async function carryOut(
  { database, keyRing }: DecideDeps,
  { uid, name, requestId, decision: input }: Parameters<ForwarderActivities['decideHeld']>[0],
): Promise<DecideResult> {
  const source = await findSourceByUid(database, uid);
  if (source === undefined) throw codedError('CAEP_SOURCE_UNKNOWN', { name });
  const request = { sourceId: source.sourceId, name, requestId, input };
  return decideHeld(database, request, replaceBy(input.decision, keyRing, source));
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
      return () => ({ fault: `the decision "${decision}" does not replace an event` });
    default:
      return decision satisfies never;
  }
}
