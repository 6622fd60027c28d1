import { Context } from '@temporalio/activity';
import { codedError } from '../../domain/errors.js';
import { isDecisionPossible } from '../../domain/exceptions/exceptions.js';
import { type DecideResult, faultOfDecision } from '../../domain/exceptions/heldEvents.js';
import type { Ask } from '../../domain/inquiries.js';
import { requireSource } from '../../store/sources/sources.js';
import { carryOut, type DecideDeps } from '../held/decide.js';

/** For a source whose forwarder does not run and so takes no decision: the database keeps what is decided as well. */
export async function decideWithoutForwarder(deps: DecideDeps, { name, input }: Ask<'decide'>): Promise<DecideResult> {
  const fault = faultOfDecision(input);
  if (fault !== undefined) throw codedError('CAEP_USAGE', { reason: `The decision is not understood: ${fault}` });
  const source = await requireSource(deps.database, name);
  if (!isDecisionPossible(input.decision, source)) {
    throw codedError('CAEP_SOURCE_TORN_DOWN', { name, decision: input.decision });
  }
  const requestId = Context.current().info.workflowExecution?.workflowId ?? '';
  return carryOut(deps, { uid: source.uid, name, requestId, decision: input });
}
