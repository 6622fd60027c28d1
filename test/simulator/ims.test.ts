import { describe, expect, test } from 'vitest';
import { fetchToken, FLOW_SERVICE, send, withSimulator } from './simulated.js';

const simulated = withSimulator({ credentials: { clientSecrets: ['first-secret', 'second-secret'] } });

function tokenRequest(changes: Readonly<Record<string, string>> = {}, inQuery = false) {
  const { baseUrl, credentials } = simulated();
  const fields = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: credentials.clientId,
    client_secret: 'first-secret',
    scope: 'openid,AdobeID,read_organizations',
    ...changes,
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return inQuery
    ? send(baseUrl, 'POST', `/ims/token/v3?${fields}`)
    : send(baseUrl, 'POST', '/ims/token/v3', { headers, body: fields });
}

test.each([false, true])('a token is issued for a day (fields in the query: %s)', async (inQuery) => {
  const { status, json } = await tokenRequest({}, inQuery);
  expect(status).toBe(200);
  expect(json).toEqual({ access_token: expect.stringMatching(/^eyJ/), token_type: 'bearer', expires_in: 86_399 });
});

test('every secret of a client is good while it is rotated', async () => {
  expect((await tokenRequest({ client_secret: 'second-secret' })).status).toBe(200);
});

describe('IMS refuses', () => {
  test.each([
    [{ client_secret: 'wrong' }, { error: 'invalid_client', error_description: 'invalid client_secret parameter' }],
    [{ client_id: 'nobody' }, { error: 'invalid_client', error_description: 'invalid client_id parameter' }],
    [{ scope: 'openid,everything' }, { error: 'invalid_scope' }],
    [{ grant_type: 'password' }, { error: 'unsupported_grant_type' }],
  ])('%o', async (changes, body) => {
    const answer = await tokenRequest(changes);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual(body);
  });
});

test('a token ends with its life, a new one does not end an older one', async () => {
  const { call, admin } = simulated();
  admin.policy.change({ tokenLifetimeS: 60 });
  const first = await fetchToken(simulated());
  await admin.advance(40_000);
  const second = await fetchToken(simulated());
  const status = async (token: string) =>
    (await call('GET', `${FLOW_SERVICE}/flows`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect([await status(first), await status(second)]).toEqual([200, 200]);
  await admin.advance(30_000);
  expect([await status(first), await status(second)]).toEqual([401, 200]);
});
