/** The activities of the source workflow on a simulator and a database of the test file's own. */
import { randomUUID } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Policy } from '../../simulator/policy.js';
import { startSimulator, type Simulator } from '../../simulator/simulator.js';
import { createSourceActivities, type SourceActivityDeps } from '../../src/activities/source.js';
import { createAdobe, type Adobe } from '../../src/adobe/clients.js';
import { ADOBE_DEFAULTS, type AdobeConfiguration } from '../../src/configuration.js';
import type { Manifest } from '../../src/domain/source/manifest.js';
import type { SourceActivities, StepResult } from '../../src/domain/source/provisioning.js';
import { type Marker, type Resources, stepsFor, type StepName } from '../../src/domain/source/steps.js';
import { openDatabase, type Database } from '../../src/store/connection/database.js';
import { type KeyRing, openKeyRing } from '../../src/store/keys/keyRing.js';
import { createProvisioningStore, type ProvisioningStore } from '../../src/store/sources/provisioning.js';
import { manifestFixture } from '../support/manifest.js';
import { beginAnew } from '../simulator/simulated.js';
import { withPostgres } from '../support/postgres.js';

const log = pino({ level: 'silent' });
const POLICY: Partial<Policy> = { flowActivationDelayMs: 0 };
/** Lakes are databases named after sandboxes, so simulators on one server need sandboxes of their own. */
const SANDBOX = `t${randomUUID().slice(0, 8)}`;
const ORGANISATION = `${randomUUID().replaceAll('-', '').slice(0, 24).toUpperCase()}@AdobeOrg`;

export interface Installation {
  readonly simulator: Simulator;
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly store: ProvisioningStore;
  readonly configuration: AdobeConfiguration;
  readonly adobe: Adobe;
  readonly activities: SourceActivities;
  /** The same, with another configuration of Adobe or other parts. */
  readonly activitiesWith: (
    overrides: Partial<AdobeConfiguration>,
    deps?: Partial<SourceActivityDeps>,
  ) => SourceActivities;
}

/** What a release has left behind, to begin with. */
export interface LeftBehind {
  readonly sandbox: string;
  readonly keyFile: string;
  /** Into both databases, before anything of this release opens them. */
  readonly load: (databaseUrl: string, simulatorDatabase: string) => Promise<void>;
}

/** Call it at the top of a test file; each test begins with an empty simulator and this policy, but where something was left behind. */
export function withInstallation(policy: Partial<Policy> = {}, left?: LeftBehind): () => Installation {
  const postgres = withPostgres();
  let installation: Installation | undefined;
  const clients: Adobe[] = [];

  beforeAll(async () => {
    const databaseName = `sim_${randomUUID().replaceAll('-', '')}`;
    await left?.load(postgres().url, databaseName);
    const simulator = await startSimulator({
      databaseUrl: postgres().url,
      databaseName,
      credentials:
        left === undefined ? { orgId: ORGANISATION, sandboxNames: [SANDBOX] } : { sandboxNames: [left.sandbox] },
      policy: { ...POLICY, ...policy },
    });
    const database = openDatabase({ url: postgres().url, applicationName: 'test', log });
    const keyFile = left?.keyFile ?? join(await mkdtemp(join(tmpdir(), 'steps-')), 'keys.json');
    const keyRing = await openKeyRing(keyFile, { create: left === undefined });
    const store = createProvisioningStore(database, keyRing);
    const { clientId, clientSecrets, orgId } = simulator.credentials;
    const configuration: AdobeConfiguration = {
      ...ADOBE_DEFAULTS,
      clientId,
      clientSecret: clientSecrets[0] ?? '',
      orgId,
      imsUrl: simulator.baseUrl,
      platformUrl: simulator.baseUrl,
      requestTimeoutMs: 2_000,
    };
    const connect = (overrides: Partial<AdobeConfiguration>): Adobe => {
      const client = createAdobe({ configuration: { ...configuration, ...overrides }, log });
      clients.push(client);
      return client;
    };
    const activitiesWith: Installation['activitiesWith'] = (overrides, deps) => {
      const client = connect(overrides);
      return createSourceActivities({
        adobe: (sandbox, options) => client.forSandbox(sandbox, options),
        store,
        forwarders: {
          startForwarder: () => Promise.resolve(),
          stopForwarder: () => Promise.resolve(),
          configure: () => Promise.resolve(),
        },
        window: { consistencyWindowMs: 600 },
        bounds: { maxAttempts: 3, firstDelayMs: 1, longestDelayMs: 5 },
        heartbeatEveryMs: 1_000,
        minimumSettleWindowMs: 0,
        ...deps,
      });
    };
    const adobe = connect({});
    const activities = activitiesWith({});
    installation = { simulator, database, keyRing, store, configuration, adobe, activities, activitiesWith };
  });
  beforeEach(async () => {
    if (left === undefined && installation !== undefined) {
      await beginAnew(installation.simulator, { ...POLICY, ...policy });
    }
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await installation?.database.close();
    await installation?.simulator.close();
  });

  return () => {
    if (installation === undefined) throw new Error('the installation exists from beforeAll on');
    return installation;
  };
}

export interface Source {
  readonly marker: Marker;
  readonly manifest: Manifest;
}

/** A source of its own, so that tests share a database. */
export function newSource(overrides: Readonly<Record<string, unknown>> = {}): Source {
  const name = `chat-${randomUUID().slice(0, 8)}`;
  const manifest = manifestFixture({ name, sandbox: SANDBOX, delivery: { settleWindow: '1s' }, ...overrides });
  return { marker: { name, uid: randomUUID() }, manifest };
}

/** Runs attempts as Temporal does, with what the last one left in its heartbeat, until one succeeds or refuses for good. */
export async function attempts<T>(run: () => Promise<T>): Promise<T> {
  let heartbeatDetails: unknown;
  for (let attempt = 1; ; attempt += 1) {
    const environment = new MockActivityEnvironment({
      attempt,
      heartbeatDetails,
      currentAttemptScheduledTimestampMs: Date.now(),
    });
    environment.on('heartbeat', (details: unknown) => {
      heartbeatDetails = details;
    });
    try {
      return await environment.run(run);
    } catch (failure) {
      if ((failure as { nonRetryable?: boolean }).nonRetryable !== false) throw failure;
    }
  }
}

export function performStep(
  { activities }: Pick<Installation, 'activities'>,
  source: Source,
  step: StepName,
  resources: Resources,
  adopt = false,
): Promise<StepResult> {
  return attempts(() => activities[step]({ ...source, resources, adopt }));
}

export async function provision(
  installation: Pick<Installation, 'activities'>,
  source: Source,
  until?: StepName,
): Promise<Resources> {
  let resources: Resources = {};
  for (const step of stepsFor(source.manifest)) {
    const { resource } = await performStep(installation, source, step, resources);
    resources = { ...resources, [step]: resource };
    if (step === until) break;
  }
  return resources;
}
