/** The simulator as the harness sees it: its admin API, and plain requests to the services, without the product's clients. */
import type { FaultRule } from '../simulator/faults.js';

export type Rule = Omit<FaultRule, 'id'>;

/** `GET /__sim/api/objects` */
export interface ObjectRow {
  readonly kind: string;
  readonly id: string;
}

export interface SimulatorAdmin {
  /** Places the rule, or puts it in the place of the one with this id: no request passes in between. */
  place(id: string, rule: Rule): Promise<void>;
  /** Not there is as good. */
  remove(id: string): Promise<void>;
  /** Requests that the rules have hit, by rule. */
  hits(): Promise<ReadonlyMap<string, number>>;
  objects(sandbox: string): Promise<ObjectRow[]>;
  /** What a service answers to `GET path`, as any other client of Adobe would ask. */
  read(sandbox: string, path: string, accept?: string): Promise<unknown>;
}

const TIMEOUT_MS = 30_000;

/** @param environment with the credentials that the simulator has printed */
export function createSimulatorAdmin(baseUrl: string, environment: NodeJS.ProcessEnv): SimulatorAdmin {
  let token: Promise<string> | undefined;

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
    alsoFine: readonly number[] = [],
  ): Promise<unknown> {
    const answer = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    if (!answer.ok && !alsoFine.includes(answer.status))
      throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }

  async function newToken(): Promise<string> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: environment['ADOBE_CLIENT_ID'] ?? '',
      client_secret: environment['ADOBE_CLIENT_SECRET'] ?? '',
      scope: environment['ADOBE_SCOPES'] ?? '',
    });
    const answer = await fetch(`${baseUrl}/ims/token/v3`, { method: 'POST', body: form });
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  return {
    place: async (id, rule) => void (await call('PUT', `/__sim/api/faults/${id}`, rule)),
    remove: async (id) => void (await call('DELETE', `/__sim/api/faults/${id}`, undefined, {}, [404])),
    hits: async () => {
      const placed = (await call('GET', '/__sim/api/faults')) as { rule: { id: string }; hits: number }[];
      return new Map(placed.map(({ rule, hits }) => [rule.id, hits]));
    },
    objects: async (sandbox) => (await call('GET', `/__sim/api/objects?sandbox=${sandbox}`)) as ObjectRow[],
    read: async (sandbox, path, accept = 'application/json') => {
      token ??= newToken();
      return call('GET', path, undefined, {
        accept,
        authorization: `Bearer ${await token}`,
        'x-api-key': environment['ADOBE_CLIENT_ID'] ?? '',
        'x-gw-ims-org-id': environment['ADOBE_ORG_ID'] ?? '',
        'x-sandbox-name': sandbox,
      });
    },
  };
}
