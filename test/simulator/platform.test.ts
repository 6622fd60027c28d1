/** Sandboxes and identity namespaces. */
import { describe, expect, test } from 'vitest';
import { withSimulator } from './simulated.js';

const simulated = withSimulator();

describe('sandboxes', () => {
  const PATH = '/data/foundation/sandbox-management';

  test.each([`${PATH}/sandboxes`, `${PATH}/`, `${PATH}/sandboxes/?limit=50&offset=0`])('%s', async (path) => {
    const { credentials, call } = simulated();
    const { status, json } = await call('GET', path, { headers: { 'x-sandbox-name': undefined } });
    expect(status).toBe(200);
    expect(json['_page']).toEqual({ limit: 50, count: 2 });
    const [prod, dev] = credentials.sandboxNames;
    expect(json['sandboxes']).toMatchObject([
      { name: prod, type: 'production', state: 'active', isDefault: true },
      { name: dev, type: 'development', state: 'active', isDefault: false },
    ]);
    expect(json['sandboxes'][0]['createdDate']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  });

  test('are paged and looked up by name', async () => {
    const { call, sandboxName } = simulated();
    expect((await call('GET', `${PATH}/sandboxes?limit=1&offset=1`)).json['_page']).toEqual({ limit: 1, count: 1 });
    expect((await call('GET', `${PATH}/sandboxes/${sandboxName}`)).json).toMatchObject({ name: sandboxName });
    expect((await call('GET', `${PATH}/sandboxes/moon`)).status).toBe(404);
  });
});

describe('identity namespaces', () => {
  const PATH = '/data/core/idnamespace/identities';
  type Row = { readonly code: string; readonly id: number; readonly custom: boolean };
  const list = async () => (await simulated().call('GET', PATH)).json as readonly Row[];

  test('hold the standard ones with their ids, and some of the customer', async () => {
    const rows = await list();
    expect(rows).toContainEqual(expect.objectContaining({ code: 'ECID', id: 4, status: 'ACTIVE', custom: false }));
    expect(rows).toContainEqual(expect.objectContaining({ code: 'Email', id: 6, idType: 'Email' }));
    expect(rows.some(({ custom }) => custom)).toBe(true);
    expect((await simulated().call('GET', `${PATH}/4`)).json).toMatchObject({ code: 'ECID' });
    expect((await simulated().call('GET', `${PATH}/1`)).status).toBe(404);
  });

  test('take a new one, once', async () => {
    const body = { name: 'Desk visitor', code: 'DeskVisitor', idType: 'COOKIE' };
    const post = (changes = {}) => simulated().call('POST', PATH, { body: { ...body, ...changes } });
    expect((await post()).json).toMatchObject({ ...body, custom: true });
    expect((await list()).map(({ code }) => code)).toContain('DeskVisitor');
    expect((await post()).status).toBe(400);
    expect((await post({ code: undefined })).status).toBe(400);
  });
});
