import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deleteAccount, listAccounts, updateAccount } from '../../../../src/cli/commands/installation/accounts.js';
import type { Account, AccountUser } from '../../../../src/domain/accounts.js';
import { createRecipientKey, openSealed, sealFor } from '../../../../src/temporal/sealedAnswer.js';
import { ACCESS_KEY, fakeSources, fakeWorld, NOW } from '../../fakes.js';

const ACCOUNT: Account = { id: 'a-1', name: 'Web shop', kind: 'Amazon S3', state: 'enabled', updatedAt: NOW };
const SECRET = 's3cr3t-word';

/** Questions are kept; each is answered by its sort. */
function answering(answers: Record<string, (question: { readonly sealTo: string }) => object>) {
  const asked: Record<string, unknown>[] = [];
  const ask = (question: never) => {
    const { ask: sort, ...rest } = question as { readonly ask: string; readonly sealTo: string };
    asked.push({ ask: sort, ...rest });
    return Promise.resolve({ v: 1, ...answers[sort]?.(rest) } as never);
  };
  return { asked, sources: fakeSources({ ask }) };
}

it('a list tells kind, state and id of each account', async () => {
  const { asked, sources } = answering({ accounts: () => ({ sandbox: 'dev', accounts: [ACCOUNT] }) });
  const world = fakeWorld(sources);
  expect(await listAccounts(world.context, { sandbox: 'dev' })).toBe(0);
  expect(asked).toMatchObject([{ ask: 'accounts', sandbox: 'dev' }]);
  expect(world.stdout()).toMatchInlineSnapshot(`
    "ACCOUNT   KIND       STATE    ID   LAST CHANGED
    Web shop  Amazon S3  enabled  a-1  2026-11-21 10:40:00Z

    1 account in the sandbox dev. \`chatlio-aep accounts show ID\` shows what uses one.
    "
  `);
});

describe('credentials', () => {
  const update = async (text: string) => {
    const file = join(await mkdtemp(join(tmpdir(), 'account-')), 'credentials.json');
    await writeFile(file, text);
    const key = createRecipientKey();
    const { asked, sources } = answering({
      recipient: ({ sealTo }) => ({
        sealed: sealFor(ACCESS_KEY, sealTo, JSON.stringify({ sealTo: key.sealTo, ticket: 'the ticket' })),
      }),
      updateAccount: () => ({ changed: ['credentials'], account: ACCOUNT }),
    });
    const world = fakeWorld(sources);
    const exit = updateAccount(world.context, { id: 'a-1', credentials: file });
    return { exit, asked, world, key };
  };

  it('of a file go to the worker that has asked for them, and can be read by nobody else', async () => {
    const { exit, asked, world, key } = await update(JSON.stringify({ password: SECRET }));
    expect(await exit).toBe(0);
    expect(world.stdout()).toContain('Changed of the account Web shop (a-1): credentials.');
    expect(JSON.stringify(asked)).not.toContain(SECRET);
    const { credentials } = asked[1] as { credentials: { ticket: string; sealed: string } };
    expect(credentials.ticket).toBe('the ticket');
    expect(JSON.parse(openSealed(ACCESS_KEY, key.privateKey, credentials.sealed))).toEqual({
      sandbox: 'prod',
      id: 'a-1',
      params: { password: SECRET },
    });
  });

  it.each([`not JSON ${SECRET}`, `["${SECRET}"]`, '{}', ''])('are no %j, and nothing of it is told', async (text) => {
    const { exit, asked } = await update(text);
    const failure: unknown = await exit.catch((error: unknown) => error);
    expect(failure).toMatchObject({ error: { code: 'CAEP_USAGE' } });
    expect(JSON.stringify(failure)).not.toContain(SECRET);
    expect(asked).toEqual([]);
  });
});

describe('delete', () => {
  const SOURCE: AccountUser = { what: 'source connection', id: 's-1', name: 'shop source' };
  const answers = (usedBy: readonly AccountUser[]) =>
    answering({
      account: () => ({ sandbox: 'prod', account: ACCOUNT, usedBy }),
      deleteAccount: () => ({ deleted: true }),
    });
  const sorts = (asked: readonly Record<string, unknown>[]) => asked.map(({ ask }) => ask);

  it('asks first, with what is built on the account, and leaves it there after a no', async () => {
    const { asked, sources } = answers([SOURCE]);
    const world = fakeWorld(sources);
    const questions: string[] = [];
    const confirm = (answer: boolean) => (question: string) => {
      questions.push(question);
      return Promise.resolve(answer);
    };
    expect(await deleteAccount({ ...world.context, confirm: confirm(false) }, { id: 'a-1' })).toBe(130);
    expect(sorts(asked)).toEqual(['account']);
    expect(questions).toEqual([
      'Delete the account Web shop (a-1) of the sandbox prod? It is used by the source connection shop source (s-1).',
    ]);
    expect(await deleteAccount({ ...world.context, confirm: confirm(true) }, { id: 'a-1' })).toBe(0);
    expect(sorts(asked).at(-1)).toBe('deleteAccount');
  });

  it('needs --yes where nobody can be asked', async () => {
    const { asked, sources } = answers([]);
    const world = fakeWorld(sources);
    await expect(deleteAccount(world.context, { id: 'a-1' })).rejects.toThrow('CAEP_USAGE');
    expect(sorts(asked)).toEqual(['account']);
    expect(await deleteAccount(world.context, { id: 'a-1', yes: true })).toBe(0);
    expect(world.stdout()).toContain('✔ The account Web shop (a-1) is deleted.');
  });

  it('is refused while a flow uses the account, and names it', async () => {
    const { asked, sources } = answers([SOURCE, { what: 'flow', id: 'f-1', name: 'shop flow' }]);
    await expect(deleteAccount(fakeWorld(sources).context, { id: 'a-1', yes: true })).rejects.toMatchObject({
      error: {
        code: 'CAEP_ACCOUNT_IN_USE',
        fields: { users: 'the source connection shop source (s-1), the flow shop flow (f-1)' },
      },
    });
    expect(sorts(asked)).toEqual(['account']);
  });
});
