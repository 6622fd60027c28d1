import type { Decision } from '../../domain/exceptions.js';
import { CodedError, codedError, EXIT_CODES } from '../../domain/errors.js';
import { type DecideInput, type DecideResult, faultOfDecision } from '../../domain/heldEvents.js';
import type { Command, Sources } from '../ports.js';
import { decisionDocument, renderDecision } from '../render/held.js';
import { counted } from '../render/text.js';

export interface DecideArguments {
  readonly name: string;
  readonly input: DecideInput;
  /** Do not ask. */
  readonly yes?: boolean;
}

/** What they decide is not sent, whatever is found out later. */
const FINAL: ReadonlySet<Decision> = new Set(['abandon', 'mark-delivered']);

/** A person's decision about one event or many. Exit 1 when some that were named are not decided. */
export const decideHeld: Command<DecideArguments> = async (context, { name, input, yes }) => {
  const fault = faultOfDecision(input);
  if (fault !== undefined) throw codedError('CAEP_USAGE', { reason: `The decision is not understood: ${fault}` });
  const sources = await context.sources();
  if (FINAL.has(input.decision) && input.dryRun !== true && yes !== true && context.confirm !== undefined) {
    const { decided } = await decide(sources, name, { ...input, dryRun: true });
    const question = `${input.decision} ${counted(decided, 'event')} of ${name} for good?`;
    if (decided > 1 && !(await context.confirm(question))) {
      context.output.note('Nothing was changed.');
      return EXIT_CODES.interrupted;
    }
  }
  const result = await decide(sources, name, input);
  context.output.result(decisionDocument(name, result), () => renderDecision(name, result, context.output.paint));
  return result.left.length === 0 ? EXIT_CODES.done : EXIT_CODES.failed;
};

function decide(sources: Sources, name: string, input: DecideInput): Promise<DecideResult> {
  return sources.decide(name, input).catch((failure: unknown) => {
    // No forwarder runs: the source was torn down, or its forwarder was just ended. The worker decides without it.
    if (!(failure instanceof CodedError) || failure.error.code !== 'CAEP_SOURCE_UNKNOWN') throw failure;
    return sources.ask({ v: 1, ask: 'decide', name, input });
  });
}
