import { counted } from '../../../domain/counted.js';
import { Argument } from 'commander';
import { type Decision, DECISIONS } from '../../../domain/exceptions/exceptions.js';
import { CodedError, codedError, EXIT_CODES } from '../../../domain/errors.js';
import {
  type DecideInput,
  type DecideResult,
  faultOfDecision,
  MAX_DECIDE_LIMIT,
} from '../../../domain/exceptions/heldEvents.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { type FilterOptions, filtered, person, wholeNumber } from '../../grammar/options.js';
import type { Command } from '../../ports.js';
import type { Sources } from '../../../temporal/sources/port.js';
import { decisionDocument, renderDecision } from '../../render/events/held.js';

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

interface DecisionOptions extends FilterOptions {
  readonly why: string;
  readonly by?: string;
  readonly seen?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

type DecisionHelp = Pick<CommandLine, 'description' | 'examples'>;

const DECISION_HELP: Readonly<Record<Decision, DecisionHelp>> = {
  resend: {
    description: 'send it again',
    examples: [
      'held resend support-chat 12 14 --why "not in the lake"',
      'held resend support-chat --reason unknown --why "the lake was looked at" --dry-run',
    ],
  },
  abandon: { description: 'never send it', examples: ['held abandon support-chat 12 --why "a test"'] },
  'mark-delivered': {
    description: 'count it as delivered, because it was found at Adobe',
    examples: ['held mark-delivered support-chat 12 --why "seen in the dataset"'],
  },
  reparse: {
    description: 'read a body again that could not be read on arrival',
    examples: ['held reparse support-chat --reason unreadable --why "this release reads it"'],
  },
  'deliver-as-new': {
    description: 'deliver an event that conflicts with an earlier one, under a new id',
    examples: ['held deliver-as-new support-chat 12 --why "both are right"'],
  },
  acknowledge: {
    description: 'record that you know that an event is in the lake more than once',
    examples: ['held acknowledge support-chat 12 --why "known to Adobe"'],
  },
};

export const DECISION_COMMANDS: readonly CommandLine[] = DECISIONS.map((decision) => ({
  name: decision,
  ...DECISION_HELP[decision],
  grammar: (command, does) =>
    filtered(command)
      .argument('<name>', 'source')
      .addArgument(
        new Argument('[ids...]', 'numbers from the list, or none to choose by the options below').argParser(numbers),
      )
      .requiredOption('--why <text>', 'kept for ever, with who decided')
      .option('--by <person>', 'who decides; default: the user of this machine')
      .option('--seen <version>', 'for one event: only if it has not changed since this version', wholeNumber)
      .option('--dry-run', 'only show what would be decided')
      .option('--yes', 'do not ask before a final decision about several events')
      .addHelpText(
        'after',
        `\nThe options choose at most 1000 events, oldest first; --limit takes up to ${MAX_DECIDE_LIMIT}.`,
      )
      .action((name: string, ids: number[], { by, seen, yes, ...options }: DecisionOptions) =>
        does(decideHeld, {
          name,
          yes,
          input: { decision, ...options, by: by ?? person(), version: seen, ids: ids.length === 0 ? undefined : ids },
        }),
      ),
}));

function numbers(text: string, before: unknown): number[] {
  return [...(Array.isArray(before) ? (before as number[]) : []), wholeNumber(text)];
}
