import { beforeEach, describe, expect, it } from 'vitest';
import {
  accountDetails,
  accountList,
  deleteAccount,
  updateAccount,
} from '../../../src/activities/accounts/accounts.js';
import { recipientOf } from '../../../src/activities/accounts/credentials.js';
import { AdobeCallError } from '../../../src/adobe/http/errors.js';
import type { FlowService } from '../../../src/adobe/services/flowService.js';
import type { CredentialsFor, Recipient, SealedCredentials } from '../../../src/domain/accounts.js';
import { createAsker, sealFor } from '../../../src/temporal/sealedAnswer.js';
import { type Installation, withInstallation } from '../installation.js';

const installation = withInstallation();
const FLOW_SERVICE = '/data/foundation/flowservice';
const HTTP_API_SPEC = 'bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb';
const SECRET = 's3cr3t-word';

let { simulator, keyRing, adobe } = {} as Installation;
let sandbox = '';
beforeEach(() => {
  ({ simulator, keyRing, adobe } = installation());
  sandbox = simulator.credentials.sandboxNames[0] ?? '';
});
const deps = () => ({ adobe, keyRing });

/** As Adobe's tutorial of another source does it. @returns its id */
async function post(collection: string, body: object): Promise<string> {
  const { clientId, orgId } = simulator.credentials;
  const response = await fetch(`${simulator.baseUrl}${FLOW_SERVICE}/${collection}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await adobe.tokens.get()}`,
      'x-api-key': clientId,
      'x-gw-ims-org-id': orgId,
      'x-sandbox-name': sandbox,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { id: string }).id;
}

const connectionSpec = { id: HTTP_API_SPEC, version: '1.0' };
const account = (name: string) =>
  post('connections', {
    name,
    connectionSpec,
    auth: { specName: 'Streaming Connection', params: { dataType: 'raw', password: SECRET } },
  });
const requests = (route: string) => simulator.admin.journal.list({ route: `flowservice.connections.${route}` });

function sealed(credentials: Partial<CredentialsFor> & { readonly id: string }): SealedCredentials {
  const asker = createAsker(keyRing.accessKey);
  const answer = recipientOf({ keyRing }, { v: 1, ask: 'recipient', sealTo: asker.sealTo });
  const { sealTo, ticket } = JSON.parse(asker.open(answer.sealed)) as Recipient;
  const content: CredentialsFor = { sandbox, params: { password: 'another' }, ...credentials };
  return { ticket, sealed: sealFor(keyRing.accessKey, sealTo, JSON.stringify(content)) };
}

/** The simulator's, but for these calls. */
function withFlowService(changes: Partial<FlowService>) {
  const clients = adobe.forSandbox(sandbox);
  const changed = { ...clients, flowService: { ...clients.flowService, ...changes } };
  return { keyRing, adobe: { forSandbox: () => changed } };
}

const refused = (code: string, detail: string) =>
  new AdobeCallError({
    effect: 'none',
    kind: 'refused',
    error: { service: 'Flow Service', httpStatus: 400, code, title: 'Invalid request', detail, requestId: 'r-17' },
  });

it('lists accounts by name and shows one with what uses it, and never its credentials', async () => {
  const id = await account('shop');
  await account('app');
  const source = await post('sourceConnections', {
    name: 'shop source',
    baseConnectionId: id,
    connectionSpec,
    data: { format: 'json' },
  });
  const list = await accountList(deps(), { v: 1, ask: 'accounts', sandbox });
  expect(list.accounts.map(({ name, kind }) => ({ name, kind }))).toEqual([
    { name: 'app', kind: 'Streaming Connection' },
    { name: 'shop', kind: 'Streaming Connection' },
  ]);
  const details = await accountDetails(deps(), { v: 1, ask: 'account', sandbox, id });
  expect(details.usedBy).toMatchObject([{ what: 'source connection', id: source, name: 'shop source' }]);
  expect(JSON.stringify([list, details])).not.toContain(SECRET);
  await expect(accountDetails(deps(), { v: 1, ask: 'account', sandbox, id: 'never-there' })).rejects.toThrow(
    'CAEP_ACCOUNT_UNKNOWN',
  );
});

describe('an update', () => {
  const update = (id: string, changes: { name?: string; description?: string; credentials?: SealedCredentials }) =>
    updateAccount(deps(), { v: 1, ask: 'updateAccount', sandbox, id, ...changes });

  it('sends what differs, and nothing the second time', async () => {
    const id = await account('shop');
    expect(await update(id, { name: 'web shop', description: 'of the shop' })).toMatchObject({
      changed: ['name', 'description'],
      account: { name: 'web shop', description: 'of the shop' },
    });
    expect((await update(id, { name: 'web shop', description: 'of the shop' })).changed).toEqual([]);
    expect(requests('patch')).toHaveLength(1);
  });

  it('reads once more where somebody else has changed the account meanwhile, and overrides nothing of that', async () => {
    const id = await account('shop');
    let reads = 0;
    const overtaken = withFlowService({
      async getBaseConnection(wanted) {
        const found = await adobe.forSandbox(sandbox).flowService.getBaseConnection(wanted);
        reads += 1;
        if (reads === 1) await update(id, { description: 'of somebody else' });
        return found;
      },
    });
    const updated = await updateAccount(overtaken, { v: 1, ask: 'updateAccount', sandbox, id, name: 'web shop' });
    expect(updated).toMatchObject({
      changed: ['name'],
      account: { name: 'web shop', description: 'of somebody else' },
    });
    expect(requests('patch').map(({ status }) => status)).toEqual([200, 412, 200]);
  });

  it('gives the account the credentials that were sealed for it, and no other account', async () => {
    const [id, other] = [await account('shop'), await account('app')];
    expect((await update(id, { credentials: sealed({ id }) })).changed).toEqual(['credentials']);
    await expect(update(other, { credentials: sealed({ id }) })).rejects.toThrow('CAEP_CREDENTIALS_EXPIRED');
    const { ticket } = sealed({ id });
    await expect(update(id, { credentials: { ...sealed({ id }), ticket } })).rejects.toThrow(
      'CAEP_ANSWER_NOT_AUTHENTIC',
    );
    expect(requests('patch')).toHaveLength(1);
  });

  it('that Adobe refuses because of the credentials tells nothing of what Adobe said about them', async () => {
    const id = await account('shop');
    const saying = withFlowService({
      patchBaseConnection: () => Promise.reject(refused('FLOW-1455-400', `the password ${SECRET} is too short`)),
    });
    const credentials = sealed({ id, params: { password: SECRET } });
    const failure = await updateAccount(saying, { v: 1, ask: 'updateAccount', sandbox, id, credentials }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ error: { httpStatus: 400, code: 'FLOW-1455-400', requestId: 'r-17' } });
    expect(JSON.stringify(failure)).not.toContain(SECRET);
  });
});

describe('a delete', () => {
  const remove = (id: string) => deleteAccount(deps(), { v: 1, ask: 'deleteAccount', sandbox, id });

  it('whose answer was lost is done when it is tried again', async () => {
    const id = await account('shop');
    simulator.admin.faults.place({
      match: { route: 'flowservice.connections.delete' },
      fault: { kind: 'cut', effect: 'done' },
    });
    await expect(remove(id)).rejects.toBeInstanceOf(AdobeCallError);
    expect((await remove(id)).deleted).toBe(false);
    expect((await accountList(deps(), { v: 1, ask: 'accounts', sandbox })).accounts).toEqual([]);
  });

  it('that is refused because of a flow says which', async () => {
    const id = await account('shop');
    const used = withFlowService({
      deleteBaseConnection: () => Promise.reject(refused('FLOW-1418-400', 'used in flows')),
      findSourceConnections: () => Promise.resolve([{ id: 's-1', name: 'shop source' }]),
      findFlows: () =>
        Promise.resolve([{ id: 'f-1', name: 'shop flow', sourceConnectionIds: ['s-1'], targetConnectionIds: [] }]),
    });
    await expect(deleteAccount(used, { v: 1, ask: 'deleteAccount', sandbox, id })).rejects.toMatchObject({
      error: {
        code: 'CAEP_ACCOUNT_IN_USE',
        fields: { id, users: 'the source connection shop source (s-1), the flow shop flow (f-1)' },
      },
    });
  });
});
