/** The grammar of `held`: look at held events, and decide about them. */
import { Argument, type Command as Commander, Option } from 'commander';
import { type Decision, DECISIONS, EXCEPTION_REASONS, type ExceptionReason } from '../domain/exceptions.js';
import { MAX_DECIDE_LIMIT, MAX_PAGE } from '../domain/heldEvents.js';
import { KINDS, type Kind } from '../domain/kinds.js';
import { decideHeld } from './commands/heldDecide.js';
import { type ListedState, LISTED_STATES, listHeld, showHeld } from './commands/held.js';
import { type Does, person, pointInTime, wholeNumber } from './options.js';

interface FilterOptions {
  readonly reason?: ExceptionReason;
  readonly kind?: Kind;
  readonly before?: string;
  readonly limit?: number;
}

const DECISION_DESCRIPTIONS: Readonly<Record<Decision, string>> = {
  resend: 'send it again',
  abandon: 'never send it',
  'mark-delivered': 'count it as delivered, because it was found there',
  reparse: 'read a body anew that could not be read when it came',
  'deliver-as-new': 'deliver an event in conflict with an earlier one under an id of its own',
  acknowledge: 'take note of an event that is in the lake more than once',
};

export function addHeldCommands(program: Commander, does: Does): void {
  const held = program.command('held').description('events that wait for a person: see them, decide about them');
  filtered(held.command('list').description('what is held, oldest first'))
    .argument('<name>', 'source')
    .addOption(new Option('--state <state>', 'other exceptions').choices(Object.keys(LISTED_STATES)).default('held'))
    .option('--after <id>', 'the next page', wholeNumber)
    .addHelpText('after', `\nAt most ${MAX_PAGE} on a page; standard 50.`)
    .action(
      (name: string, { state, after, limit, ...filter }: FilterOptions & { state: ListedState; after?: number }) =>
        does('held list', listHeld, { name, filter, state, after, limit }),
    );
  held
    .command('show')
    .description('all that is known of one event; its content only with --reveal')
    .argument('<name>', 'source')
    .argument('<id>', 'number in the list', wholeNumber)
    .option('--reveal', 'show the content: words of a visitor')
    .action((name: string, id: number, options: { reveal?: boolean }) =>
      does('held show', showHeld, { name, id, ...options }),
    );
  for (const decision of DECISIONS) addDecision(held, decision, does);
}

interface DecisionOptions extends FilterOptions {
  readonly why: string;
  readonly by?: string;
  readonly seen?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

function addDecision(held: Commander, decision: Decision, does: Does): void {
  filtered(held.command(decision).description(DECISION_DESCRIPTIONS[decision]))
    .argument('<name>', 'source')
    .addArgument(new Argument('[ids...]', 'numbers in the list; or choose by the options').argParser(numbers))
    .requiredOption('--why <text>', 'kept for ever, with who decided')
    .option('--by <person>', 'who decides; standard: the user of this machine')
    .option('--seen <version>', 'of one event: only if it has not changed since this version', wholeNumber)
    .option('--dry-run', 'only say what would be decided')
    .option('--yes', 'do not ask before many are settled for good')
    .addHelpText('after', `\nBy filter at most 1000 at once, oldest first; with --limit up to ${MAX_DECIDE_LIMIT}.`)
    .action((name: string, ids: number[], { by, seen, yes, ...options }: DecisionOptions) =>
      does(`held ${decision}`, decideHeld, {
        name,
        yes,
        input: { decision, ...options, by: by ?? person(), version: seen, ids: ids.length === 0 ? undefined : ids },
      }),
    );
}

function numbers(text: string, before: unknown): number[] {
  return [...(Array.isArray(before) ? (before as number[]) : []), wholeNumber(text)];
}

function filtered(command: Commander): Commander {
  return command
    .addOption(new Option('--reason <reason>', 'only events held for it').choices(EXCEPTION_REASONS))
    .addOption(new Option('--kind <kind>', 'only events of this kind').choices(KINDS))
    .option('--before <time>', 'only events held since before: ISO 8601, or how long ago, such as 2h', pointInTime)
    .option('--limit <number>', 'at most so many', wholeNumber);
}
