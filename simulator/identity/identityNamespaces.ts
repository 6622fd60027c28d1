/**
 * Identity namespaces: `/data/core/idnamespace/identities`. Adobe's standard ones are there from the start, with the ids
 * that Adobe's documentation prints where it prints any.
 */
import type { Context } from '../context.js';
import { placeholderFamily, Refusal } from '../errorFamilies.js';
import { isJsonObject, textOf } from '../values/json.js';
import type { Scope } from '../state/state.js';

interface Namespace {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly idType: string;
  readonly custom: boolean;
  readonly description: string;
  readonly createdAtMs: number;
}

/** id, code, name, type */
const STANDARD: ReadonlyArray<readonly [number, string, string, string]> = [
  [0, 'CORE', 'CORE', 'COOKIE'],
  [4, 'ECID', 'ECID', 'COOKIE'],
  [6, 'Email', 'Email', 'Email'],
  [7, 'Phone', 'Phone', 'Phone'],
  [9, 'TNTID', 'TNTID', 'COOKIE'],
  [10, 'AAID', 'AAID', 'COOKIE'],
  [11, 'Email_LC_SHA256', 'Emails (SHA256, lowercased)', 'Email'],
  [15, 'Phone_SHA256', 'Phone (SHA256)', 'Phone'],
  [411, 'AdCloud', 'AdCloud', 'COOKIE'],
  [8077, 'WAID', 'Windows AID', 'DEVICE'],
  [20914, 'GAID', 'Google Ad ID (GAID)', 'DEVICE'],
  [20915, 'IDFA', 'Apple IDFA (ID for Apple)', 'DEVICE'],
];

/** As a customer would have made them. */
const CUSTOM_AT_START: ReadonlyArray<readonly [number, string, string, string]> = [
  [10_200_001, 'CRMID', 'CRM id', 'CROSS_DEVICE'],
  [10_200_002, 'ChatlioVisitor', 'Chatlio visitor', 'COOKIE'],
];

const COLLECTION = 'identityNamespaces';
const PATH = '/data/core/idnamespace/identities';

export function namespaceExists(context: Pick<Context, 'state'>, scope: Scope, codeOrId: string): boolean {
  return namespacesOf(context, scope).some(
    ({ code, id }) => code.toLowerCase() === codeOrId.toLowerCase() || String(id) === codeOrId,
  );
}

function namespacesOf(context: Pick<Context, 'state'>, scope: Scope): readonly Namespace[] {
  const standing = (rows: typeof STANDARD, custom: boolean) =>
    rows.map(([id, code, name, idType]) => ({ id, code, name, idType, custom, description: name, createdAtMs: 0 }));
  const made = context.state.collection<Namespace>(COLLECTION).list(scope);
  return [...standing(STANDARD, false), ...standing(CUSTOM_AT_START, true), ...made];
}

function present({ createdAtMs, ...namespace }: Namespace) {
  return { updateTime: createdAtMs, createTime: createdAtMs, status: 'ACTIVE', ...namespace };
}

function refuse(status: number, title: string, detail: string): never {
  throw new Refusal({ status, title, detail });
}

export function registerIdentityNamespaces(context: Context): void {
  const family = placeholderFamily;
  context.route({
    name: 'identityNamespaces.list',
    method: 'GET',
    path: PATH,
    family,
    access: 'platform',
    handle: ({ scope }) => ({ status: 200, json: namespacesOf(context, scope).map(present) }),
  });

  context.route({
    name: 'identityNamespaces.get',
    method: 'GET',
    path: `${PATH}/:id`,
    family,
    access: 'platform',
    handle({ scope, params }) {
      const found = namespacesOf(context, scope).find(({ id }) => String(id) === params['id']);
      if (found === undefined) refuse(404, 'NotFoundError', `Namespace ${params['id']} not found`);
      return { status: 200, json: present(found) };
    },
  });

  context.route({
    name: 'identityNamespaces.create',
    method: 'POST',
    path: PATH,
    family,
    access: 'platform',
    handle(request) {
      const body = request.json();
      if (!isJsonObject(body)) refuse(400, 'BadRequestError', 'The body must be an object');
      const { name, code, idType, description } = body;
      if (typeof name !== 'string' || typeof code !== 'string' || typeof idType !== 'string') {
        refuse(400, 'BadRequestError', 'name, code and idType are required');
      }
      if (namespaceExists(context, request.scope, code)) {
        refuse(400, 'BadRequestError', `A namespace with the code ${code} exists already`);
      }
      const namespaces = context.state.collection<Namespace>(COLLECTION);
      const id = 10_300_000 + namespaces.all().length;
      const createdAtMs = context.clock.now();
      const made = { id, code, name, idType, custom: true, description: textOf(description ?? ''), createdAtMs };
      namespaces.put(request.scope, code, made);
      return { status: 200, json: present(made) };
    },
  });
}
