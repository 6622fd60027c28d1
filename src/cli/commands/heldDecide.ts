import { CodedError, codedError, EXIT_CODES } from '../../domain/errors.js';
import { type DecideInput, faultOfDecision } from '../../domain/heldEvents.js';
import type { Command } from '../ports.js';
import { decisionDocument, renderDecision } from '../render/held.js';

export interface DecideArguments {
  readonly name: string;
  readonly input: DecideInput;
}

/** A person's decision about one event or many. Exit 1 when some that were named are not decided. */
export const decideHeld: Command<DecideArguments> = async (context, { name, input }) => {
  const fault = faultOfDecision(input);
  if (fault !== undefined) throw codedError('CAEP_USAGE', { reason: `The decision is not understood: ${fault}` });
  const sources = await context.sources();
  const result = await sources.decide(name, input).catch((failure: unknown) => {
    // No forwarder runs: the source was torn down, or its forwarder was just ended. The worker decides without it.
    if (!(failure instanceof CodedError) || failure.error.code !== 'CAEP_SOURCE_UNKNOWN') throw failure;
    return sources.ask({ v: 1, ask: 'decide', name, input });
  });
  context.output.result(decisionDocument(name, result), () => renderDecision(name, result, context.output.paint));
  return result.left.length === 0 ? EXIT_CODES.done : EXIT_CODES.failed;
};
