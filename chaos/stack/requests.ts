/** Plain requests to the simulator: to its admin side, and to the services as any other client of Adobe makes them. */

export interface Requests {
  readonly call: (request: PlainRequest) => Promise<unknown>;
  /** With a token and the headers that the platform wants. */
  readonly asClient: (sandbox: string, request: PlainRequest) => Promise<unknown>;
}

interface PlainRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that are no error beside those from 200 to 299. */
  readonly alsoFine?: readonly number[];
}

const TIMEOUT_MS = 30_000;

/** @param environment with the credentials that the simulator has printed */
export function createRequests(baseUrl: string, environment: NodeJS.ProcessEnv): Requests {
  let token: Promise<string> | undefined;

  async function call({ method, path, body, headers, alsoFine = [] }: PlainRequest): Promise<unknown> {
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

  /** One for the whole run; a simulator that was away when it was asked for is asked again. */
  async function currentToken(): Promise<string> {
    const asked = (token ??= newToken());
    return asked.catch((error: unknown) => {
      if (token === asked) token = undefined;
      throw error;
    });
  }

  return {
    call,
    async asClient(sandbox, request) {
      return call({
        ...request,
        headers: {
          authorization: `Bearer ${await currentToken()}`,
          'x-api-key': environment['ADOBE_CLIENT_ID'] ?? '',
          'x-gw-ims-org-id': environment['ADOBE_ORG_ID'] ?? '',
          'x-sandbox-name': sandbox,
          ...request.headers,
        },
      });
    },
  };
}
