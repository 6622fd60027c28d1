import { describe, expect, test } from 'vitest';
import { FLOW_SERVICE, send, withSimulator, type Call } from './simulated.js';
import { DEFAULT_CREDENTIALS } from '../../simulator/ims/credentials.js';

const OTHER_ORGANIZATION = {
  ...DEFAULT_CREDENTIALS,
  orgId: '000000000000000000000001@AdobeOrg',
  clientId: 'anotherclient',
  tenantId: 'othertenant',
  sandboxNames: [],
};

const simulated = withSimulator({ otherCredentials: [OTHER_ORGANIZATION] });

const FLOWS = `${FLOW_SERVICE}/flows`;

describe('the gateway refuses in this order', () => {
  const nothing = { authorization: undefined, 'x-api-key': undefined, 'x-gw-ims-org-id': undefined };
  test.each<[string, Call['headers'], number, string, string]>([
    ['no token', nothing, 403, '403010', 'Oauth token is missing.'],
    [
      'a token of nobody',
      { ...nothing, authorization: 'Bearer eyJhbGciOi' },
      401,
      '401013',
      'Oauth token is not valid',
    ],
    ['no bearer', { authorization: 'Basic abc' }, 401, '401013', 'Oauth token is not valid'],
    ['no key', { 'x-api-key': undefined, 'x-gw-ims-org-id': undefined }, 403, '403000', 'Api Key is required'],
    ['a key of nobody', { 'x-api-key': 'nobody' }, 403, '403003', 'Api Key is invalid'],
    ['no organisation', { 'x-gw-ims-org-id': undefined }, 400, '400003', 'Missing header'],
    ['another organisation', { 'x-gw-ims-org-id': OTHER_ORGANIZATION.orgId }, 403, '403025', 'Profile is not valid'],
    ['the key of another client', { 'x-api-key': OTHER_ORGANIZATION.clientId }, 403, '403025', 'Profile is not valid'],
  ])('%s', async (_, headers, status, errorCode, message) => {
    const answer = await simulated().call('GET', FLOWS, { headers });
    expect(answer).toMatchObject({ status, json: { error_code: errorCode, message } });
  });
});

test('the gateway asks for a token before it says that a path does not exist', async () => {
  const path = '/data/foundation/nowhere';
  const without = await simulated().call('GET', path, { headers: { authorization: undefined } });
  expect(without.json['error_code']).toBe('403010');
  expect(await simulated().call('GET', path)).toMatchObject({ status: 404 });
});

test('a known path with another method is answered 405 with the methods that are', async () => {
  const answer = await simulated().call('PUT', FLOWS);
  expect(answer.status).toBe(405);
  expect(answer.headers.get('allow')).toContain('POST');
});

describe('the sandbox header', () => {
  test.each<[string, Call['headers'], number, string]>([
    ['is required', { 'x-sandbox-name': undefined }, 400, 'FLOW-2105-400'],
    ['names a sandbox of the organisation', { 'x-sandbox-name': 'moon' }, 404, 'FLOW-2100-404'],
    ['is no wildcard', { 'x-sandbox-name': '*' }, 403, 'FLOW-2111-403'],
    ['is the name and not the id', { 'x-sandbox-id': 'b1c4' }, 400, 'FLOW-2110-400'],
  ])('%s', async (_, headers, status, code) => {
    const answer = await simulated().call('GET', FLOWS, { headers });
    expect(answer.status).toBe(status);
    expect(answer.json['type']).toBe(`https://ns.adobe.com/aep/errors/${code}`);
  });

  test('is refused in the body family of each service', async () => {
    const refused = (path: string) => simulated().call('GET', path, { headers: { 'x-sandbox-name': undefined } });
    const registry = await refused('/data/foundation/schemaregistry/stats');
    expect(registry.json).toMatchObject({ type: 'http://ns.adobe.com/aep/errors/XDM-2105-400', status: 400 });
    expect(registry.json['report']['timestamp']).toMatch(/^\d\d-\d\d-\d{4} \d\d:\d\d:\d\d$/);
    const catalog = await refused('/data/foundation/catalog/dataSets');
    expect(catalog.json).toMatchObject({ type: '/placeholder/type/uri', status: 400, title: 'Header is missing' });
  });
});

test.each(['text/plain', undefined])('a body with the content type %s is refused', async (contentType) => {
  const headers = { 'content-type': contentType };
  const answer = await simulated().call('POST', FLOWS, { headers, body: '{"name":"x"}' });
  expect(answer).toMatchObject({
    status: 400,
    json: { type: '/placeholder/type/uri', title: 'BadRequestError', detail: 'A valid content-type must be specified' },
  });
});

test('a body that is not JSON is refused', async () => {
  expect(await simulated().call('POST', FLOWS, { body: '{"name":' })).toMatchObject({ status: 400 });
});

test('every answer carries a request id, and the names of headers may be written in any case', async () => {
  const { baseUrl, token, credentials, sandboxName } = simulated();
  const answer = await send(baseUrl, 'GET', FLOWS, {
    headers: {
      AUTHORIZATION: `bearer ${token}`,
      'X-Api-Key': credentials.clientId,
      'X-GW-IMS-ORG-ID': credentials.orgId,
      'X-Sandbox-Name': sandboxName,
    },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
});

test('objects of one sandbox are not seen in another', async () => {
  const { call, credentials } = simulated();
  const body = {
    name: 'Here',
    connectionSpec: { id: '073127a3-26e3-496c-9d94-9f48fb93fba8' },
    data: { format: 'json' },
  };
  const made = await call('POST', `${FLOW_SERVICE}/sourceConnections`, { body });
  const elsewhere = { 'x-sandbox-name': credentials.sandboxNames[1] };
  const path = `${FLOW_SERVICE}/sourceConnections`;
  expect((await call('GET', path)).json['items']).toHaveLength(1);
  expect((await call('GET', path, { headers: elsewhere })).json['items']).toHaveLength(0);
  expect((await call('GET', `${path}/${made.json['id']}`, { headers: elsewhere })).status).toBe(404);
});
