/** A simulator for a test file, and the plain HTTP calls of a client that knows nothing but Adobe's documentation. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Policy } from '../../simulator/policy.js';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../simulator/simulator.js';
import { withPostgres } from '../support/postgres.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed when it is JSON. */
  readonly json: Json;
}

/** Answers have many shapes: `never` lets a test read into one by names and put what it finds anywhere. */
type Json = never;

export interface Call {
  /** undefined leaves a header out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: unknown;
}

export interface Simulated extends Simulator {
  readonly sandboxName: string;
  readonly token: string;
  /** With all headers that the platform wants. */
  readonly call: (method: string, path: string, call?: Call) => Promise<Answer>;
}

const PLATFORM = '/data/foundation';
export const REGISTRY = `${PLATFORM}/schemaregistry`;
export const CATALOG = `${PLATFORM}/catalog`;
export const DATA_PREP = `${PLATFORM}/conversion`;
export const FLOW_SERVICE = `${PLATFORM}/flowservice`;

export async function send(
  baseUrl: string,
  method: string,
  path: string,
  { headers = {}, body }: Call = {},
): Promise<Answer> {
  const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  const answer = await fetch(baseUrl + path, { method, headers: given, body: text });
  return readAnswer(answer);
}

async function readAnswer(answer: Response): Promise<Answer> {
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') === true && text !== '';
  let json: unknown;
  try {
    json = isJson ? JSON.parse(text) : undefined;
  } catch {
    json = undefined;
  }
  return { status: answer.status, headers: answer.headers, text, json: json as Json };
}

export async function fetchToken({
  baseUrl,
  credentials,
}: Pick<Simulator, 'baseUrl' | 'credentials'>): Promise<string> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: credentials.clientId,
    client_secret: credentials.clientSecrets[0] ?? '',
    scope: credentials.scopes,
  });
  const answer = await fetch(`${baseUrl}/ims/token/v3`, { method: 'POST', body: form });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** Adds the calls to a running simulator. */
export async function asClient(simulator: Simulator): Promise<Simulated> {
  const token = await fetchToken(simulator);
  const { clientId, orgId, sandboxNames } = simulator.credentials;
  const sandboxName = sandboxNames[0] ?? '';
  const standard = {
    authorization: `Bearer ${token}`,
    'x-api-key': clientId,
    'x-gw-ims-org-id': orgId,
    'x-sandbox-name': sandboxName,
  };
  return {
    ...simulator,
    sandboxName,
    token,
    call: (method, path, { headers, body } = {}) => {
      const contentType = body === undefined ? {} : { 'content-type': 'application/json' };
      return send(simulator.baseUrl, method, path, { headers: { ...standard, ...contentType, ...headers }, body });
    },
  };
}

/** Lakes are databases named after sandboxes, so simulators on one server need sandboxes of their own. */
function uniqueSandboxes(): string[] {
  const suffix = randomUUID().slice(0, 8);
  return [`prod-${suffix}`, `dev-${suffix}`];
}

/** Empty, with the given policy and that of the simulator by itself where none is given. */
export async function beginAnew({ admin }: Simulator, policy: Partial<Policy> = {}): Promise<void> {
  const defaults = admin.policy.describe().map(({ name }) => [name, null] as const);
  admin.policy.change({ ...Object.fromEntries(defaults), ...policy });
  await admin.reset();
}

/**
 * Call it at the top of a test file. Every test begins with an empty simulator and the policy of the file.
 *
 * @returns gives the simulator, from `beforeAll` on
 */
export function withSimulator(options: Partial<SimulatorOptions> & { policy?: Partial<Policy> } = {}): () => Simulated {
  const postgres = withPostgres();
  let simulated: Simulated | undefined;
  beforeAll(async () => {
    const databaseName = `simulator_${randomUUID().replaceAll('-', '')}`;
    const credentials = { sandboxNames: uniqueSandboxes(), ...options.credentials };
    simulated = await asClient(
      await startSimulator({ databaseUrl: postgres().url, databaseName, ...options, credentials }),
    );
  });
  beforeEach(async () => {
    if (simulated === undefined) return;
    await beginAnew(simulated, options.policy);
  });
  afterAll(() => simulated?.close());
  return () => {
    if (simulated === undefined) throw new Error('the simulator runs from beforeAll on');
    return simulated;
  };
}
