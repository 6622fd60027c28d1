/**
 * Identity Management Service: `POST /ims/token/v3`, OAuth server-to-server.
 *
 * Documented on developer.adobe.com, "OAuth Server-to-Server credential": fields may stand in the form or in the query.
 */
import type { Context } from '../context.js';
import type { Credentials } from './credentials.js';
import { imsFamily, Refusal } from '../errorFamilies.js';
import type { RawRequest } from '../transport/request.js';
import type { Tokens } from './tokens.js';

function fieldsOf(request: RawRequest): URLSearchParams {
  return new URLSearchParams([...request.query, ...new URLSearchParams(request.body.toString('utf8'))]);
}

function refuse(error: string, description = ''): never {
  throw new Refusal({ status: 400, code: error, title: error, detail: description });
}

/** @throws Refusal 400 */
function checkGrant(fields: URLSearchParams, known: readonly Credentials[]): Credentials {
  if (fields.get('grant_type') !== 'client_credentials') refuse('unsupported_grant_type');
  const ofClient = known.filter((one) => one.clientId === fields.get('client_id'));
  if (ofClient.length === 0) refuse('invalid_client', 'invalid client_id parameter');
  const credentials = ofClient.find((one) => one.clientSecrets.includes(fields.get('client_secret') ?? ''));
  if (credentials === undefined) refuse('invalid_client', 'invalid client_secret parameter');
  const granted = new Set(credentials.scopes.split(','));
  const asked = (fields.get('scope') ?? '').split(/[\s,]+/).filter((scope) => scope !== '');
  if (asked.length === 0 || asked.some((scope) => !granted.has(scope))) refuse('invalid_scope');
  return credentials;
}

export function registerIms(context: Context, tokens: Tokens, known: readonly Credentials[]): void {
  context.route({
    name: 'ims.token',
    method: 'POST',
    path: '/ims/token/v3',
    family: imsFamily,
    access: 'open',
    handle(request) {
      const { token, expiresInS } = tokens.issue(checkGrant(fieldsOf(request), known));
      return { status: 200, json: { access_token: token, token_type: 'bearer', expires_in: expiresInS } };
    },
  });
}
