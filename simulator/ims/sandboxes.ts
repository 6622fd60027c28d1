/** Sandboxes: their list, and the header that chooses one. */
import { createHash } from 'node:crypto';
import type { Context } from '../context.js';
import type { Credentials } from './credentials.js';
import { placeholderFamily, Refusal } from '../errorFamilies.js';
import { headerOf, type Caller, type RawRequest, type Sandbox } from '../transport/request.js';
import type { Scope, State } from '../state/state.js';
import { COLLECTIONS } from '../state/stored.js';

const ofOrganization = (orgId: string): Scope => ({ orgId, sandboxName: '' });

const collectionOf = (state: State) => state.collection<Sandbox>(COLLECTIONS.sandboxes);

/**
 * The sandbox that the request names. Codes: "Flow Service API error codes", 2100 to 2111; other services answer the same
 * in bodies of their own.
 *
 * @throws Refusal
 */
export function findSandbox(context: Pick<Context, 'state' | 'policy'>, request: RawRequest, orgId: string): Sandbox {
  if (context.policy.current.refuseSandboxIdHeader && headerOf(request, 'x-sandbox-id') !== undefined) {
    const detail = `The header 'x-sandbox-id' is not allowed with this token. Please use 'x-sandbox-name'.`;
    throw new Refusal({ status: 400, code: '2110-400', title: 'Headers not allowed', detail });
  }
  const name = headerOf(request, 'x-sandbox-name') ?? '';
  if (name === '') {
    const detail = `The header 'x-sandbox-name' is missing in the request. Please provide the header and try again.`;
    throw new Refusal({ status: 400, code: '2105-400', title: 'Header is missing', detail });
  }
  if (name === '*') {
    const detail = `The value '*' of the header 'x-sandbox-name' is restricted.`;
    throw new Refusal({ status: 403, code: '2111-403', title: 'Headers with value restricted', detail });
  }
  const sandbox = collectionOf(context.state).get(ofOrganization(orgId), name);
  if (sandbox === undefined) {
    const detail = `The sandbox '${name}' is not found. Please verify the sandbox name and try again.`;
    throw new Refusal({ status: 404, code: '2100-404', title: 'Sandbox not found', detail });
  }
  return sandbox;
}

function makeSandboxes(context: Context, { orgId, sandboxNames }: Credentials): void {
  const sandboxes = collectionOf(context.state);
  for (const [index, name] of sandboxNames.entries()) {
    if (sandboxes.get(ofOrganization(orgId), name) !== undefined) continue;
    const hash = createHash('sha256').update(`${orgId}/${name}`).digest('hex');
    sandboxes.put(ofOrganization(orgId), name, {
      // The shape of a UUID, the same after a reset.
      id: hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5'),
      name,
      title: name.charAt(0).toUpperCase() + name.slice(1),
      type: index === 0 ? 'production' : 'development',
      createdAtMs: context.clock.now(),
    });
  }
}

/** `2019-09-04 04:57:24`, as the sandbox API writes times. */
const sandboxTime = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

function present({ id, name, title, type, createdAtMs }: Sandbox, isDefault: boolean, { userId }: Caller) {
  const at = sandboxTime(createdAtMs);
  const times = { createdDate: at, lastModifiedDate: at, createdBy: userId, modifiedBy: userId };
  return { id, name, title, state: 'active', type, region: 'VA7', isDefault, eTag: 1, ...times };
}

const PATH = '/data/foundation/sandbox-management';

export function registerSandboxes(context: Context, known: readonly Credentials[]): void {
  context.onStart(() => known.forEach((credentials) => makeSandboxes(context, credentials)));

  const presentAll = (caller: Caller) =>
    collectionOf(context.state)
      .list(ofOrganization(caller.orgId))
      .map((sandbox, index) => present(sandbox, index === 0, caller));

  for (const [name, path] of [
    ['sandboxes.list', `${PATH}/sandboxes`],
    ['sandboxes.listOfCaller', PATH],
  ] as const) {
    context.route({
      name,
      method: 'GET',
      path,
      family: placeholderFamily,
      access: 'organization',
      handle(request) {
        const limit = Number(request.query.get('limit') ?? 50);
        const offset = Number(request.query.get('offset') ?? 0);
        const sandboxes = presentAll(request.caller).slice(offset, offset + limit);
        const href = `${request.baseUrl}${PATH}/sandboxes/?limit={limit}&offset={offset}`;
        const page = { href, templated: true };
        return { status: 200, json: { sandboxes, _page: { limit, count: sandboxes.length }, _links: { page } } };
      },
    });
  }

  context.route({
    name: 'sandboxes.get',
    method: 'GET',
    path: `${PATH}/sandboxes/:name`,
    family: placeholderFamily,
    access: 'organization',
    handle(request) {
      const sandbox = presentAll(request.caller).find(({ name }) => name === request.params['name']);
      if (sandbox !== undefined) return { status: 200, json: sandbox };
      const detail = `Sandbox with name ${request.params['name']} not found`;
      throw new Refusal({ status: 404, title: 'Not Found', detail });
    },
  });
}
