/** Base connections ("accounts"): seen, changed and deleted. Chatlio's own source has none. */
import { AdobeCallError } from '../../adobe/http/errors.js';
import type { Adobe } from '../../adobe/clients.js';
import type { BaseConnection, FlowService } from '../../adobe/services/flowService.js';
import type { PatchOperation } from '../../adobe/services/patch.js';
import type {
  Account,
  AccountDeleted,
  AccountDetails,
  AccountField,
  AccountList,
  AccountUpdated,
  AccountUser,
} from '../../domain/accounts.js';
import { type CodedError, codedError } from '../../domain/errors.js';
import { oneLine } from '../../domain/printable.js';
import type { Ask } from '../../domain/inquiries.js';
import type { KeyRing } from '../../store/keys/keyRing.js';
import { withoutWords } from '../withoutWords.js';
import { openCredentials } from './credentials.js';

interface AccountDeps {
  readonly adobe: Pick<Adobe, 'forSandbox'>;
  readonly keyRing: Pick<KeyRing, 'accessKey' | 'seal' | 'open'>;
}

const servicesOf = ({ adobe }: AccountDeps, sandbox: string): FlowService => adobe.forSandbox(sandbox).flowService;

export async function accountList(deps: AccountDeps, { sandbox }: Ask<'accounts'>): Promise<AccountList> {
  const flowService = servicesOf(deps, sandbox);
  const found = await flowService.listBaseConnections();
  const kinds = await kindsOf(flowService, found);
  const accounts = found.map((one) => accountOf(one, kinds)).sort((a, b) => (a.name < b.name ? -1 : 1));
  return { v: 1, sandbox, accounts };
}

/** @throws CodedError `CAEP_ACCOUNT_UNKNOWN` */
export async function accountDetails(deps: AccountDeps, { sandbox, id }: Ask<'account'>): Promise<AccountDetails> {
  const flowService = servicesOf(deps, sandbox);
  const found = await requireAccount(flowService, id);
  const [kinds, usedBy] = await Promise.all([kindsOf(flowService, [found]), usersOf(flowService, id)]);
  return { v: 1, sandbox, account: accountOf(found, kinds), usedBy };
}

/**
 * Only what differs is sent, with the etag of what was read. Where somebody else was faster it is read once more.
 *
 * @throws CodedError `CAEP_ACCOUNT_UNKNOWN`, and what {@link openCredentials} throws
 */
export async function updateAccount(deps: AccountDeps, ask: Ask<'updateAccount'>): Promise<AccountUpdated> {
  const flowService = servicesOf(deps, ask.sandbox);
  const params = ask.credentials === undefined ? undefined : openCredentials(deps.keyRing, ask.credentials, ask);
  const patch = async (): Promise<AccountField[]> => {
    const before = await requireAccount(flowService, ask.id);
    const changes = changesTo(before, { ...ask, params });
    if (changes.size > 0) await flowService.patchBaseConnection(ask.id, before.etag ?? '', [...changes.values()]);
    return [...changes.keys()];
  };
  try {
    const changed = await patch().catch((failure: unknown) => {
      if (!isStale(failure)) throw failure;
      return patch();
    });
    const { account } = await accountDetails(deps, { v: 1, ask: 'account', sandbox: ask.sandbox, id: ask.id });
    return { v: 1, changed, account };
  } catch (failure) {
    throw params === undefined ? failure : withoutWords(failure, 'the credentials');
  }
}

function changesTo(
  before: BaseConnection,
  wanted: Pick<Ask<'updateAccount'>, 'name' | 'description'> & { readonly params?: object },
): ReadonlyMap<AccountField, PatchOperation> {
  const changes = new Map<AccountField, PatchOperation>();
  const { name, description, params } = wanted;
  if (name !== undefined && name !== before.name) {
    changes.set('name', { op: 'replace', path: '/name', value: name });
  }
  if (description !== undefined && description !== (before.description ?? '')) {
    const op = before.description === undefined ? 'add' : 'replace';
    changes.set('description', { op, path: '/description', value: description });
  }
  if (params !== undefined) changes.set('credentials', { op: 'replace', path: '/auth/params', value: params });
  return changes;
}

function isStale(failure: unknown): boolean {
  return failure instanceof AdobeCallError && failure.error.httpStatus === 412;
}

/**
 * What is gone is deleted: the answer of an attempt before this one may have been lost.
 *
 * @throws CodedError `CAEP_ACCOUNT_IN_USE` with what uses it
 */
export async function deleteAccount(deps: AccountDeps, { sandbox, id }: Ask<'deleteAccount'>): Promise<AccountDeleted> {
  const flowService = servicesOf(deps, sandbox);
  try {
    return { v: 1, deleted: await flowService.deleteBaseConnection(id) };
  } catch (failure) {
    throw isUsed(failure) ? await inUse(flowService, id, failure) : failure;
  }
}

function isUsed(failure: unknown): failure is AdobeCallError {
  return failure instanceof AdobeCallError && /^(FLOW-)?1418-400$/.test(failure.error.code ?? '');
}

async function inUse(flowService: FlowService, id: string, cause: AdobeCallError): Promise<CodedError> {
  const users = (await usersOf(flowService, id)).map(
    ({ what, name, id: own }) => `the ${what} ${oneLine(name)} (${own})`,
  );
  // Who it was may have gone since.
  const fields = { id, users: users.length === 0 ? 'a flow' : users.join(', ') };
  return codedError('CAEP_ACCOUNT_IN_USE', fields, { cause });
}

async function requireAccount(flowService: FlowService, id: string): Promise<BaseConnection> {
  const found = await flowService.getBaseConnection(id);
  if (found === undefined) throw codedError('CAEP_ACCOUNT_UNKNOWN', { id });
  return found;
}

/** Connections that are built on it, and the flows of those. */
async function usersOf(flowService: FlowService, id: string): Promise<AccountUser[]> {
  const [sources, targets] = await Promise.all([
    flowService.findSourceConnections({ baseConnectionId: id }),
    flowService.findTargetConnections({ baseConnectionId: id }),
  ]);
  const flows = await Promise.all([
    ...sources.map(({ id: sourceConnectionId }) => flowService.findFlows({ sourceConnectionId })),
    ...targets.map(({ id: targetConnectionId }) => flowService.findFlows({ targetConnectionId })),
  ]);
  const named = (what: AccountUser['what']) => (one: Pick<AccountUser, 'id' | 'name' | 'state'>) => ({
    what,
    id: one.id,
    name: one.name,
    state: one.state,
  });
  const distinct = new Map(flows.flat().map((flow) => [flow.id, flow]));
  return [
    ...sources.map(named('source connection')),
    ...targets.map(named('target connection')),
    ...[...distinct.values()].map(named('flow')),
  ];
}

/** Names of connection specifications, by their ids. */
async function kindsOf(
  flowService: FlowService,
  found: readonly BaseConnection[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(found.flatMap(({ connectionSpecId }) => connectionSpecId ?? []));
  const specs = await Promise.all([...ids].map((id) => flowService.getConnectionSpec(id)));
  return new Map(specs.flatMap((spec) => (spec?.name === undefined ? [] : [[spec.id, spec.name] as const])));
}

function accountOf(found: BaseConnection, kinds: ReadonlyMap<string, string>): Account {
  const { id, name, description, state, connectionSpecId, authSpecName, createdAt, updatedAt } = found;
  const kind = kinds.get(connectionSpecId ?? '') ?? connectionSpecId;
  return { id, name, description, state, kind, authentication: authSpecName, createdAt, updatedAt };
}
