import { Context } from '@temporalio/activity';
import { codedError } from '../../domain/errors.js';
import type { Decision } from '../../domain/exceptions.js';
import { type DecideResult, faultOfDecision } from '../../domain/heldEvents.js';
import type { Ask } from '../../domain/plan.js';
import { requireSource } from '../../store/sources.js';
import { carryOut, type DecideDeps } from '../held/decide.js';

/** What these make of an event is to be sent, and nobody sends for a source that was torn down. */
const SENDING: ReadonlySet<Decision> = new Set(['resend', 'reparse', 'deliver-as-new']);

/** For a source whose forwarder does not run and so takes no decision: the database keeps what is decided as well. */
export async function decideWithoutForwarder(deps: DecideDeps, { name, input }: Ask<'decide'>): Promise<DecideResult> {
  const fault = faultOfDecision(input);
  if (fault !== undefined) throw codedError('CAEP_USAGE', { reason: `The decision is not understood: ${fault}` });
  const source = await requireSource(deps.database, name);
  if (source.retired && SENDING.has(input.decision)) {
    throw codedError('CAEP_SOURCE_TORN_DOWN', { name, decision: input.decision });
  }
  const requestId = Context.current().info.workflowExecution?.workflowId ?? '';
  return carryOut(deps, { uid: source.uid, name, requestId, decision: input });
}
