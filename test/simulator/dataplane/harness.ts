/** A simulator on the shared PostgreSQL with an organisation and a sandbox of its own, and a provisioned Chatlio source. */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll } from 'vitest';
import type { Policy } from '../../../simulator/policy.js';
import { type Simulator, startSimulator } from '../../../simulator/simulator.js';
import { CANONICAL_FIELDS, CANONICAL_FIELD_NAMES } from '../../../src/domain/events/canonical.js';
import { withPostgres } from '../../support/postgres.js';
import { fetchToken } from '../simulated.js';

export const SETTLE_WINDOW_MS = 300_000;
const FLOW_ACTIVATION_MS = 5_000;
const TENANT = '_acmetenant';

/** What JSON.parse gives: tests read bodies field by field and fail where a field is missing. */
export type Body = ReturnType<typeof JSON.parse>;

interface Call {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Body;
}

type PlatformCall = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Call>;

/** What making a source needs of a simulator, here or in another process. */
interface Platform {
  readonly platform: PlatformCall;
  advance(byMs: number): Promise<void>;
}

export interface Bench extends Platform {
  simulator(): Simulator;
  /** Stops the simulator and starts it again on the same database. */
  restart(): Promise<void>;
}

export interface Source {
  readonly schemaId: string;
  readonly datasetId: string;
  readonly table: string;
  readonly mappingId: string;
  readonly flowId: string;
  readonly inletUrl: string;
  post(body: unknown, options?: { query?: string; headers?: Record<string, string>; url?: string }): Promise<Call>;
}

export function withSimulator(policy: Partial<Policy> = {}): () => Bench {
  const postgres = withPostgres();
  const sandbox = `t${randomUUID().slice(0, 8)}`;
  const orgId = `${randomUUID().replaceAll('-', '').slice(0, 24).toUpperCase()}@AdobeOrg`;
  let simulator: Simulator | undefined;
  let client: PlatformCall | undefined;
  const running = () => {
    if (simulator === undefined) throw new Error('the simulator runs from beforeAll on');
    return simulator;
  };

  async function start(): Promise<void> {
    simulator = await startSimulator({
      databaseUrl: postgres().url,
      databaseName: `sim_${sandbox}`,
      credentials: { orgId, sandboxNames: [sandbox] },
      policy,
      log: pino({ level: process.env['SIMULATOR_LOG_LEVEL'] ?? 'silent' }),
    });
  }

  const bench: Bench = {
    simulator: running,
    async restart() {
      await running().close();
      client = undefined;
      await start();
    },
    advance: (byMs) => running().admin.advance(byMs),
    async platform(...call) {
      client ??= await platformClient(running().baseUrl, running().credentials, sandbox);
      return client(...call);
    },
  };

  beforeAll(start);
  afterAll(async () => {
    await simulator?.close();
    const client = new Client({ connectionString: postgres().url });
    await client.connect();
    for (const name of [`${sandbox}:all`, `sim_${sandbox}`]) {
      await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`);
    }
    await client.query(`DROP ROLE IF EXISTS ${client.escapeIdentifier(orgId)}`);
    await client.end();
  });
  return () => bench;
}

/** Calls the platform as a client of the organisation does. */
export async function platformClient(
  baseUrl: string,
  credentials: Simulator['credentials'],
  sandboxName: string,
): Promise<PlatformCall> {
  const token = await fetchToken({ baseUrl, credentials });
  const standard = {
    authorization: `Bearer ${token}`,
    'x-api-key': credentials.clientId,
    'x-gw-ims-org-id': credentials.orgId,
    'x-sandbox-name': sandboxName,
    'content-type': 'application/json',
  };
  return async (method, path, body, headers = {}) =>
    read(
      await fetch(`${baseUrl}${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: { ...standard, ...headers },
      }),
    );
}

async function read(answer: Response): Promise<Call> {
  const text = await answer.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.status, headers: answer.headers, text, json };
}

/** The field of the tenant's node for each canonical field, as the product's field group has it. */
function tenantProperties(): Record<string, object> {
  const types = {
    string: { type: 'string' },
    'date-time': { type: 'string', format: 'date-time' },
    integer: { type: 'integer' },
    boolean: { type: 'boolean' },
  };
  return Object.fromEntries(
    CANONICAL_FIELD_NAMES.flatMap((name) => {
      const { destination, type, title } = CANONICAL_FIELDS[name];
      return destination.startsWith('{tenant}.') ? [[destination.slice(9), { title, ...types[type] }]] : [];
    }),
  );
}

/** The ATTRIBUTE mapping of the canonical event. */
export const CANONICAL_MAPPING = CANONICAL_FIELD_NAMES.map((name) => ({
  sourceType: 'ATTRIBUTE',
  source: name as string,
  destination: CANONICAL_FIELDS[name].destination.replace('{tenant}', TENANT),
}));

async function made(call: Promise<Call>): Promise<Body> {
  const answer = await call;
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.json;
}

interface SourceOptions {
  readonly mappings?: readonly object[];
  readonly tenantFields?: Record<string, object>;
  readonly tags?: Record<string, string[]>;
  /** Of the target connection: the mark of a source of ours. */
  readonly description?: string;
  /** Wait until data is not lost any more; default true. */
  readonly awaitSettleWindow?: boolean;
}

/** Makes schema, dataset, connections, mapping set and flow by Adobe's own calls. */
export async function makeSource(bench: Platform, options: SourceOptions = {}): Promise<Source> {
  const title = randomUUID();
  const registry = '/data/foundation/schemaregistry/tenant';
  const fields = { ...tenantProperties(), ...options.tenantFields };
  const group = await made(
    bench.platform('POST', `${registry}/fieldgroups`, {
      type: 'object',
      title: `fields ${title}`,
      'meta:intendedToExtend': ['https://ns.adobe.com/xdm/context/experienceevent'],
      definitions: { chatlio: { properties: { [TENANT]: { type: 'object', properties: fields } } } },
      allOf: [{ $ref: '#/definitions/chatlio' }],
    }),
  );
  const schema = await made(
    bench.platform('POST', `${registry}/schemas`, {
      type: 'object',
      title: `schema ${title}`,
      description: 'test',
      allOf: [{ $ref: 'https://ns.adobe.com/xdm/context/experienceevent' }, { $ref: group.$id }],
    }),
  );
  const schemaRef = { id: schema.$id, contentType: 'application/vnd.adobe.xed-full+json;version=1' };
  const [reference] = await made(
    bench.platform('POST', '/data/foundation/catalog/dataSets', {
      name: `Chatlio ${title}`,
      schemaRef,
      tags: options.tags ?? {},
    }),
  );
  const datasetId = (reference as string).split('/').at(-1) ?? '';
  const dataset = await made(bench.platform('GET', `/data/foundation/catalog/dataSets/${datasetId}`));
  const flowservice = '/data/foundation/flowservice';
  const source = await made(
    bench.platform('POST', `${flowservice}/sourceConnections`, {
      name: 'source',
      connectionSpec: { id: '073127a3-26e3-496c-9d94-9f48fb93fba8', version: '1.0' },
      data: { format: 'json' },
    }),
  );
  const target = await made(
    bench.platform('POST', `${flowservice}/targetConnections`, {
      name: 'target',
      description: options.description,
      connectionSpec: { id: 'c604ff05-7f1a-43c0-8e18-33bf874cb11c', version: '1.0' },
      data: { format: 'json', schema: { id: schema.$id, version: schemaRef.contentType } },
      params: { dataSetId: datasetId },
    }),
  );
  const set = await made(
    bench.platform('POST', '/data/foundation/conversion/mappingSets', {
      outputSchema: { schemaRef },
      mappings: options.mappings ?? CANONICAL_MAPPING,
    }),
  );
  const flow = await made(
    bench.platform('POST', `${flowservice}/flows`, {
      name: 'flow',
      flowSpec: { id: 'e77fde5a-22a8-11ed-861d-0242ac120002', version: '1.0' },
      sourceConnectionIds: [source.id],
      targetConnectionIds: [target.id],
      transformations: [{ name: 'Mapping', params: { mappingId: set.id, mappingVersion: 0 } }],
    }),
  );
  await bench.advance(FLOW_ACTIVATION_MS + 1_000);
  if (options.awaitSettleWindow !== false) await bench.advance(SETTLE_WINDOW_MS);
  const { items } = await made(bench.platform('GET', `${flowservice}/flows/${flow.id}`));
  const inletUrl = items[0].options.inletUrl as string;
  return {
    schemaId: schema.$id,
    datasetId,
    table: dataset[datasetId].tags['adobe/pqs/table'][0],
    mappingId: set.id,
    flowId: flow.id,
    inletUrl,
    async post(body, { query = '', headers = {}, url } = {}) {
      const answer = await fetch(`${url ?? inletUrl}${query}`, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json', 'x-adobe-flow-id': flow.id, ...headers },
        redirect: 'manual',
      });
      return read(answer);
    },
  };
}

/** The truth about one event. */
export async function truthOf(bench: Bench, eventId: string): Promise<Body> {
  const truth = (await bench.simulator().admin.truth(new URLSearchParams({ eventId }))) as { events: Body[] };
  return truth.events[0];
}

/** A canonical event with every field that must be there. */
export function canonicalEvent(eventId: string = newEventId(), more: Record<string, unknown> = {}) {
  return {
    eventId,
    occurredAt: '2024-05-02T09:31:07.412Z',
    eventType: 'chatlio.newConversation',
    widgetKey: 'main-site',
    receivedAt: '2024-05-02T09:31:08.000Z',
    identityVersion: 'chatlio/1',
    ...more,
  };
}

export function newEventId(): string {
  return (randomUUID() + randomUUID()).replaceAll('-', '');
}

/** A connection as Query Service's users have it. */
export async function queryClient(bench: Bench): Promise<Client> {
  const { json } = await bench.platform('GET', '/data/foundation/query/connection_parameters');
  const { host, port, dbName, username, token } = json;
  const client = new Client({
    host,
    port,
    database: dbName,
    user: username,
    password: token,
    ssl: { rejectUnauthorized: false },
  });
  await client.connect();
  return client;
}
