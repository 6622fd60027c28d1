import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { AccountUser, CredentialsFor } from '../../../domain/accounts.js';
import { codedError, EXIT_CODES } from '../../../domain/errors.js';
import type { Sources } from '../../../temporal/sources/port.js';
import type { CommandFamily } from '../../grammar/commandLine.js';
import type { Command, Context } from '../../ports.js';
import {
  describeUsers,
  renderAccount,
  renderAccounts,
  renderDeleted,
  renderUpdatedAccount,
} from '../../render/installation/accounts.js';
import { sealToWorker } from '../../sealToWorker.js';
import { requireWorker } from '../../worker.js';

/** Every organisation has it. */
const DEFAULT_SANDBOX = 'prod';

interface OfSandbox {
  readonly sandbox?: string;
}

interface OneAccount extends OfSandbox {
  readonly id: string;
}

async function answeringSources(context: Context): Promise<Sources> {
  const sources = await context.sources();
  await requireWorker(sources);
  return sources;
}

export const listAccounts: Command<OfSandbox> = async (context, { sandbox = DEFAULT_SANDBOX }) => {
  const sources = await answeringSources(context);
  const { v: _v, ...list } = await sources.ask({ v: 1, ask: 'accounts', sandbox });
  context.output.result(list, () => renderAccounts(list, context.output.paint));
  return EXIT_CODES.done;
};

/** One account, and what is built on it. */
const showAccount: Command<OneAccount> = async (context, { sandbox = DEFAULT_SANDBOX, id }) => {
  const sources = await answeringSources(context);
  const { v: _v, ...details } = await sources.ask({ v: 1, ask: 'account', sandbox, id });
  context.output.result(details, () => renderAccount(details, context.output.paint));
  return EXIT_CODES.done;
};

export interface UpdateAccountArguments extends OneAccount {
  readonly name?: string;
  readonly description?: string;
  /** A file, or `-` for stdin: never on the command line, which others can see. */
  readonly credentials?: string;
}

/** Changes what is given and leaves the rest. Credentials cross Temporal sealed to this installation's workers. */
export const updateAccount: Command<UpdateAccountArguments> = async (
  context,
  { sandbox = DEFAULT_SANDBOX, id, name, description, credentials: place },
) => {
  if ((name ?? description ?? place) === undefined) {
    throw codedError('CAEP_USAGE', { reason: 'nothing to change: give --name, --description or --credentials' });
  }
  const params = place === undefined ? undefined : await readCredentials(context, place);
  const sources = await answeringSources(context);
  const credentials =
    params === undefined
      ? undefined
      : await sealToWorker(context, sources, { sandbox, id, params } satisfies CredentialsFor);
  const question = { v: 1, ask: 'updateAccount', sandbox, id, name, description, credentials } as const;
  const { v: _v, ...updated } = await sources.ask(question);
  context.output.result({ sandbox, ...updated }, () => renderUpdatedAccount(updated, context.output.paint));
  return EXIT_CODES.done;
};

/** @throws CodedError `CAEP_USAGE` when it is no JSON object; never with a word of what was read */
async function readCredentials(context: Context, place: string): Promise<CredentialsFor['params']> {
  if (place === '-' && process.stdin.isTTY) context.output.note('Paste the credentials as JSON, then press Ctrl-D.');
  const read = place === '-' ? await text(process.stdin) : await readFile(place, 'utf8');
  const params = parsed(read);
  if (typeof params === 'object' && params !== null && !Array.isArray(params) && Object.keys(params).length > 0) {
    return params as CredentialsFor['params'];
  }
  const from = place === '-' ? 'stdin' : place;
  const reason = `${from} is not a JSON object with the fields of the account's auth.params, such as {"username": "…", "password": "…"}`;
  throw codedError('CAEP_USAGE', { reason });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export interface DeleteAccountArguments extends OneAccount {
  readonly yes?: boolean;
}

/** After a question, or `--yes`. */
export const deleteAccount: Command<DeleteAccountArguments> = async (
  context,
  { sandbox = DEFAULT_SANDBOX, id, yes },
) => {
  const { output, confirm } = context;
  const sources = await answeringSources(context);
  const { account, usedBy } = await sources.ask({ v: 1, ask: 'account', sandbox, id });
  requireNoFlow(id, usedBy);
  if (yes !== true) {
    if (confirm === undefined) {
      throw codedError('CAEP_USAGE', { reason: 'nobody can be asked here: say --yes to delete the account' });
    }
    const users = usedBy.length === 0 ? '' : ` It is used by ${describeUsers(usedBy)}.`;
    if (!(await confirm(`Delete the account ${account.name} (${id}) of the sandbox ${sandbox}?${users}`))) {
      output.note('Nothing was deleted.');
      return EXIT_CODES.interrupted;
    }
  }
  const { deleted } = await sources.ask({ v: 1, ask: 'deleteAccount', sandbox, id });
  output.result({ sandbox, id, name: account.name, deleted }, () => renderDeleted(account, deleted, output.paint));
  return EXIT_CODES.done;
};

/** Adobe refuses it then. */
function requireNoFlow(id: string, usedBy: readonly AccountUser[]): void {
  if (!usedBy.some(({ what }) => what === 'flow')) return;
  const again = `chatlio-aep accounts delete ${id}`;
  throw codedError('CAEP_ACCOUNT_IN_USE', { id, users: describeUsers(usedBy), again });
}

const SANDBOX = ['--sandbox <name>', `sandbox; default: ${DEFAULT_SANDBOX}`] as const;

export const accountsCommands: CommandFamily = {
  name: 'accounts',
  description: "see and change a sandbox's accounts (base connections); a Chatlio source needs none",
  examples: ['accounts list', 'accounts show 7689a1c4-… --sandbox dev'],
  commands: [
    {
      name: 'list',
      description: 'list the accounts of a sandbox',
      examples: ['accounts list', 'accounts list --sandbox dev'],
      grammar: (command, does) =>
        command.option(...SANDBOX).action((options: OfSandbox) => does(listAccounts, options)),
    },
    {
      name: 'show',
      description: 'show one account and what uses it; never its credentials',
      examples: ['accounts show 7689a1c4-…'],
      grammar: (command, does) =>
        command
          .argument('<id>', 'account')
          .option(...SANDBOX)
          .action((id: string, options: OfSandbox) => does(showAccount, { id, ...options })),
    },
    {
      name: 'update',
      description: 'change name, description or credentials of an account',
      examples: [
        'accounts update 7689a1c4-… --name "Streaming, production"',
        'accounts update 7689a1c4-… --credentials /secure/account.json',
      ],
      grammar: (command, does) =>
        command
          .argument('<id>', 'account')
          .option('--name <text>', 'another name')
          .option('--description <text>', 'another description')
          .option('--credentials <file>', 'a file with the whole auth.params as JSON, or - for stdin')
          .option(...SANDBOX)
          .action((id: string, options: Omit<UpdateAccountArguments, 'id'>) => does(updateAccount, { id, ...options })),
    },
    {
      name: 'delete',
      description: 'delete an account that no flow uses',
      examples: ['accounts delete 7689a1c4-…', 'accounts delete 7689a1c4-… --yes'],
      grammar: (command, does) =>
        command
          .argument('<id>', 'account')
          .option('--yes', 'do not ask')
          .option(...SANDBOX)
          .action((id: string, options: Omit<DeleteAccountArguments, 'id'>) => does(deleteAccount, { id, ...options })),
    },
  ],
};
