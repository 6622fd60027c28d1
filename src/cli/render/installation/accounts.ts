/** `accounts`: base connections of a sandbox. */
import { counted } from '../../../domain/counted.js';
import type { Account, AccountDetails, AccountList, AccountUpdated, AccountUser } from '../../../domain/accounts.js';
import type { Paint } from '../paint.js';
import { columns, instant } from '../text.js';

export function renderAccounts({ sandbox, accounts }: Omit<AccountList, 'v'>, paint: Paint): string {
  if (accounts.length === 0) {
    return `The sandbox ${paint.strong(sandbox)} has no accounts. A Chatlio source needs none.`;
  }
  const rows = accounts.map(({ id, name, kind = '', state = '', updatedAt }) => [
    paint.strong(name),
    kind,
    state,
    id,
    updatedAt === undefined ? '' : paint.faint(instant(updatedAt)),
  ]);
  return [
    columns([['ACCOUNT', 'KIND', 'STATE', 'ID', 'LAST CHANGED'].map(paint.faint), ...rows], 0),
    '',
    `${counted(accounts.length, 'account')} in the sandbox ${sandbox}. ${paint.faint('`chatlio-aep accounts show ID` shows what uses one.')}`,
  ].join('\n');
}

export function renderAccount({ sandbox, account, usedBy }: Omit<AccountDetails, 'v'>, paint: Paint): string {
  return [
    `${paint.strong(account.name)}  ${paint.faint(`sandbox ${sandbox}`)}`,
    columns(factsOf(account, paint)),
    '',
    usedBy.length === 0 ? 'No connection and no flow uses it.' : paint.strong('Used by'),
    ...(usedBy.length === 0
      ? []
      : [columns(usedBy.map(({ what, id, name, state = '' }) => [what, name, state, paint.faint(id)]))]),
  ].join('\n');
}

function factsOf(account: Account, paint: Paint): string[][] {
  const { id, description, state, kind, authentication, createdAt, updatedAt } = account;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['id', id],
    ['description', description],
    ['kind', kind],
    ['authentication', authentication],
    ['state', state],
    ['made', createdAt === undefined ? undefined : instant(createdAt)],
    ['last changed', updatedAt === undefined ? undefined : instant(updatedAt)],
  ];
  return facts.flatMap(([title, value]) => (value === undefined ? [] : [[paint.faint(title), value]]));
}

export function renderUpdatedAccount({ changed, account }: Omit<AccountUpdated, 'v'>, paint: Paint): string {
  if (changed.length === 0)
    return `The account ${paint.strong(account.name)} is already as asked for. Nothing was changed.`;
  return `${paint.good('✔')} Changed of the account ${paint.strong(account.name)} (${account.id}): ${changed.join(', ')}.`;
}

export function renderDeleted({ id, name }: Account, deleted: boolean, paint: Paint): string {
  return deleted
    ? `${paint.good('✔')} The account ${paint.strong(name)} (${id}) is deleted.`
    : `The account ${paint.strong(name)} (${id}) was deleted already.`;
}

/** In a sentence. */
export function describeUsers(users: readonly AccountUser[]): string {
  return users.map(({ what, name, id }) => `the ${what} ${name} (${id})`).join(', ');
}
