/**
 * Adobe's side for development and tests: IMS, Schema Registry, Catalog, Data Prep, Flow Service, inlet, Query Service
 * behind one HTTP listener, with durable state in a PostgreSQL database of its own.
 */
import { pino, type Logger } from 'pino';
import { assertPortFree } from '../src/process/ports.js';
import { createAdmin, type Admin } from './admin/admin.js';
import { registerAdminApi } from './admin/adminApi.js';
import { registerCatalog } from './catalog/catalog.js';
import { createClock } from './clock.js';
import type { Context } from './context.js';
import { DEFAULT_CREDENTIALS, type Credentials } from './ims/credentials.js';
import { createDataPlane } from './dataPlane.js';
import { openDatabase } from './state/database.js';
import { startOwnDatabase } from './state/ownDatabase.js';
import { createFaults } from './faults/faults.js';
import { registerFlowService } from './flowService/flowService.js';
import { createGuard } from './ims/gateway.js';
import { registerIdentityNamespaces } from './identity/identityNamespaces.js';
import { registerIms } from './ims/ims.js';
import { createJournal } from './admin/journal.js';
import { listen } from './transport/listener.js';
import { createPolicy, type Policy } from './policy.js';
import { createRouter } from './transport/router.js';
import { registerSandboxes } from './ims/sandboxes.js';
import { registerSchemaRegistry } from './schemaRegistry/schemaRegistry.js';
import { createHttpServer } from './transport/server.js';
import { createState, INSTALLATION } from './state/state.js';
import { createTokens } from './ims/tokens.js';

export interface SimulatorOptions {
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Under which callers reach the simulator, for links and inlet URLs; default: the Host header of each request. */
  readonly publicBaseUrl?: string;
  /** A PostgreSQL server, with a user who may create databases. Either this or `dataDir`. */
  readonly databaseUrl?: string;
  /** Made when absent. */
  readonly databaseName?: string;
  /** Where an embedded PostgreSQL of its own keeps its files. */
  readonly dataDir?: string;
  readonly credentials?: Partial<Credentials>;
  /** Further clients, of the same or of other organisations. */
  readonly otherCredentials?: readonly Credentials[];
  readonly policy?: Partial<Policy>;
  /** Of faults that are drawn by probability and have no seed of their own. */
  readonly seed?: number;
  readonly log?: Logger;
}

export interface Simulator {
  readonly port: number;
  /** Scheme, host and port, for all services. */
  readonly baseUrl: string;
  /** `postgres://host:port` of the lake's server. */
  readonly queryServiceUrl: string;
  readonly credentials: Credentials;
  readonly admin: Admin;
  close(): Promise<void>;
}

/**
 * Starts the simulator.
 *
 * @throws CodedError `CAEP_PORT_TAKEN`, `CAEP_ALREADY_RUNNING` on the same folder, `CAEP_USAGE` when neither a database nor
 *   a folder is given
 */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const log = options.log ?? pino({ level: 'silent' });
  const closing: Array<() => void | Promise<void>> = [];
  const close = async () => {
    for (const task of closing.toReversed()) await task();
    closing.length = 0;
  };
  try {
    return await start(options, log, closing, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: SimulatorOptions,
  log: Logger,
  closing: Array<() => void | Promise<void>>,
  close: () => Promise<void>,
): Promise<Simulator> {
  // Before anything else is touched; taken for good when everything stands.
  if (options.port !== undefined && options.port !== 0) await assertPortFree(options.port, 'the simulator', '--port');
  const serverUrl = options.databaseUrl ?? (await startOwnDatabase(options.dataDir, log, closing));
  const database = await openDatabase(serverUrl, options.databaseName ?? 'adobe_simulator', log);
  closing.push(() => database.close());
  const state = createState(database.sink, await database.load());
  closing.push(() => state.flushed());

  const offset = state.collection<number>('clock');
  const clock = createClock({
    offsetMs: offset.get(INSTALLATION, 'offsetMs'),
    onOffset: (offsetMs) => offset.put(INSTALLATION, 'offsetMs', offsetMs),
    onError: (error) => log.error({ err: error }, 'a scheduled task of the simulator failed'),
  });
  closing.push(() => clock.close());

  const router = createRouter();
  const starting: Array<() => void | Promise<void>> = [];
  const context: Context = {
    state,
    clock,
    policy: createPolicy(state, options.policy),
    faults: createFaults(state, options.seed),
    journal: createJournal(),
    log,
    route: (route) => router.add(route),
    onStart: (task) => void starting.push(task),
    onClose: (task) => void closing.push(task),
  };

  const credentials = { ...DEFAULT_CREDENTIALS, ...options.credentials };
  const known = [credentials, ...(options.otherCredentials ?? [])];
  const tokens = createTokens(context, known);
  registerIms(context, tokens, known);
  registerSandboxes(context, known);
  registerIdentityNamespaces(context);
  registerSchemaRegistry(context);
  registerCatalog(context);
  const dataPlane = createDataPlane(context, { databaseUrl: serverUrl, callerOf: (token) => tokens.callerOf(token) });
  registerFlowService(context, dataPlane);

  const restart = async () => {
    for (const task of starting) await task();
  };
  const guard = createGuard(context, tokens, known);
  const host = options.host ?? '127.0.0.1';
  const server = createHttpServer({ context, router, guard, host, publicBaseUrl: options.publicBaseUrl });
  const refuseConnections = (ms: number) => listener.refuseConnections(ms);
  const admin = createAdmin({ context, dataPlane, tokens, restart, refuseConnections });
  registerAdminApi(context, admin);
  await restart();
  await state.flushed();
  const listener = await listen(server, host, options.port ?? 0);
  closing.push(() => listener.close());

  const { port } = listener;
  const queryService = dataPlane.queryServiceAddress();
  const reachableHost = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return {
    port,
    baseUrl: options.publicBaseUrl ?? `http://${reachableHost}:${port}`,
    queryServiceUrl: `postgres://${queryService.host}:${queryService.port}`,
    credentials,
    admin,
    close,
  };
}
