/** Configuration of every process, from environment variables. Nothing else in the project reads `process.env`. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import {
  accessKey,
  buildId,
  deploymentName,
  headerValue,
  oneOf,
  optional,
  organisation,
  policies,
  port,
  postgresUrl,
  scopes,
  temporalAddress,
  text,
  url,
  wholeNumber,
  word,
} from './configuration/values.js';
import { readSecretFile, SECRET_VARIABLES, secretFileOf, withSecretFiles } from './configuration/secretFiles.js';
import { codedError, type Problem } from './domain/errors.js';

/** Each is described in docs/configuration.md. A secret may also be in a file, named by `NAME_FILE`. */
export const environmentSchema = z.object({
  /** Where keys, caches and embedded servers keep their files. */
  CHATLIO_AEP_HOME: optional(text),
  DATABASE_URL: optional(postgresUrl),
  /** Past the pooler that DATABASE_URL leads to. */
  DATABASE_DIRECT_URL: optional(postgresUrl),
  /** Of the role that may change the tables, where that of DATABASE_URL may not. */
  DATABASE_MIGRATOR_URL: optional(postgresUrl),
  /** Of a worker or a receiver, at once; 10 by default. */
  DATABASE_MAX_CONNECTIONS: optional(wholeNumber(4)),
  /** JSON key ring, mode 0600; made by `npm start` when absent, else by `keys create`. */
  CHATLIO_AEP_KEY_FILE: optional(text),
  /** Opens what `urls` and `--reveal` show where there is no key file; see `keys access`. */
  CHATLIO_AEP_ACCESS_KEY: optional(accessKey),
  ADOBE_CLIENT_ID: optional(word),
  ADOBE_CLIENT_SECRET: optional(word),
  ADOBE_ORG_ID: optional(organisation),
  ADOBE_SCOPES: optional(scopes),
  ADOBE_IMS_URL: optional(url),
  ADOBE_PLATFORM_URL: optional(url),
  /** Replaces scheme and host of inlet URLs, for a recording proxy; by default the inlet URL is used as Adobe gives it. */
  ADOBE_INLET_URL: optional(url),
  /** `postgres://host:port` in place of what `connection_parameters` answers. */
  ADOBE_QUERY_SERVICE_URL: optional(postgresUrl),
  /** For Adobe's services and the inlet. */
  HTTPS_PROXY: optional(text),
  https_proxy: optional(text),
  HTTP_PROXY: optional(text),
  http_proxy: optional(text),
  NO_PROXY: optional(text),
  no_proxy: optional(text),
  RECEIVER_HOST: optional(word),
  RECEIVER_PORT: optional(port),
  /** As Chatlio reaches the receiver; stands in the webhook URLs that `urls` prints. */
  RECEIVER_PUBLIC_URL: optional(url),
  /** How much disk events may take that wait for PostgreSQL; 2 GiB by default. */
  RECEIVER_SPOOL_MAX_BYTES: optional(wholeNumber(1)),
  /** For how long the receiver keeps what a failover of PostgreSQL may lose; 10 by default, 0: not at all. */
  RECEIVER_KEEP_MINUTES: optional(wholeNumber(0)),
  /** How much disk that may take; 1 GiB by default. */
  RECEIVER_KEEP_MAX_BYTES: optional(wholeNumber(1)),
  /** Of the bodies of one webhook URL that wait for a decision; beyond it 503. 64 MiB by default. */
  RECEIVER_HELD_MAX_BYTES: optional(wholeNumber(1)),
  /** On loopback. Without it there are no metrics of the receiver. */
  RECEIVER_METRICS_PORT: optional(port),
  /** Where Prometheus scrapes the worker; without a port there are no metrics. */
  WORKER_METRICS_HOST: optional(word),
  WORKER_METRICS_PORT: optional(port),
  /** Activities of delivery that a worker runs at once; each partition that has something to send takes one. 500 by default. */
  WORKER_DELIVERY_SLOTS: optional(wholeNumber(10)),
  TEMPORAL_ADDRESS: optional(temporalAddress),
  TEMPORAL_NAMESPACE: optional(word),
  TEMPORAL_UI_URL: optional(url),
  /** Named as Temporal's Worker Controller sets them. A worker with a build id takes the tasks of its build alone. */
  TEMPORAL_DEPLOYMENT_NAME: optional(deploymentName),
  TEMPORAL_WORKER_BUILD_ID: optional(buildId),
  /** These are used by Temporal's SDK; whatever else it reads of TEMPORAL_… reaches it, too. */
  TEMPORAL_PROFILE: optional(text),
  TEMPORAL_CONFIG_FILE: optional(text),
  TEMPORAL_API_KEY: optional(headerValue),
  /** The SDK takes every other word for `false`. */
  TEMPORAL_TLS: optional(oneOf(['true', 'false', '1', '0'])),
  /** Ports of `npm start`; the receiver's is RECEIVER_PORT. */
  CHATLIO_AEP_TEMPORAL_PORT: optional(port),
  CHATLIO_AEP_TEMPORAL_UI_PORT: optional(port),
  CHATLIO_AEP_POSTGRES_PORT: optional(port),
  CHATLIO_AEP_SIMULATOR_PORT: optional(port),
  CHATLIO_AEP_SIMULATOR_POLICY: optional(policies),
  /** Set by `npm start` for the commands of other terminals: its simulator's waits are short, so default windows are too. */
  CHATLIO_AEP_SHORT_WINDOWS: optional(oneOf(['yes', 'no'])),
  XDG_CACHE_HOME: optional(text),
  LOG_LEVEL: optional(oneOf(['trace', 'debug', 'info', 'warn', 'error', 'silent'])),
  /** Seconds are long in tests: the consistency window after an ambiguous create, in ms. */
  ADOBE_CONSISTENCY_WINDOW_MS: optional(wholeNumber(0)),
  /** Attempts of a provisioning step before a transient error is held, and the first delay between them. */
  ADOBE_MAX_ATTEMPTS: optional(wholeNumber(1)),
  ADOBE_FIRST_RETRY_DELAY_MS: optional(wholeNumber(1)),
  ADOBE_REQUEST_TIMEOUT_MS: optional(wholeNumber(100)),
  /** To Adobe's services, of all sources and workers together; no limit by default, as Adobe names none. */
  ADOBE_MAX_REQUESTS_PER_SECOND: optional(wholeNumber(1)),
  /** Of all sources and workers together; by default each source has its own limit alone. */
  ADOBE_MAX_EVENTS_PER_SECOND: optional(wholeNumber(1)),
});

/** Holds secrets. */
export interface ProxySettings {
  /** Of an HTTP proxy, for `https:` addresses; absent: `httpProxy` for those, too. */
  readonly httpsProxy?: string;
  readonly httpProxy?: string;
  /** Hosts that are reached directly, separated by commas; `*`: all. */
  readonly noProxy?: string;
}

export interface AdobeConfiguration {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly orgId: string;
  /** Comma separated. */
  readonly scopes: string;
  readonly imsUrl: string;
  readonly platformUrl: string;
  readonly inletUrl?: string;
  readonly queryServiceUrl?: string;
  readonly proxy?: ProxySettings;
  readonly requestTimeoutMs: number;
  /** Of all sources and workers together. Absent: no limit. */
  readonly maxRequestsPerSecond?: number;
  /** Of all sources and workers together. Absent: each source has its own limit alone. */
  readonly maxEventsPerSecond?: number;
  /** After an ambiguous create, how long lookups may still lag behind it. Above the gateway's 60 s. */
  readonly consistencyWindowMs: number;
  /** Attempts of a provisioning step before a transient error is held for a person. */
  readonly maxAttempts: number;
  readonly firstRetryDelayMs: number;
}

export interface Configuration {
  readonly home: string;
  readonly databaseUrl?: string;
  readonly databaseDirectUrl?: string;
  readonly databaseMigratorUrl?: string;
  readonly databaseMaxConnections?: number;
  readonly keyFile: string;
  /** Where a machine has no key file: what `keys access` prints. */
  readonly accessKey?: Buffer;
  /** Absent when no credentials are set: only the worker needs them. */
  readonly adobe?: AdobeConfiguration;
  readonly receiver: {
    readonly host: string;
    readonly port: number;
    readonly publicUrl: string;
    /** Absent when it was not named and `publicUrl` is where it listens on this machine. */
    readonly namedUrl?: string;
    readonly spoolMaxBytes?: number;
    readonly keepMinutes?: number;
    readonly keepMaxBytes?: number;
    readonly maxHeldBytes?: number;
    readonly metricsPort?: number;
  };
  readonly deliverySlots: number;
  readonly workerMetrics?: { readonly host: string; readonly port: number };
  readonly temporal: {
    readonly address?: string;
    readonly namespace?: string;
    readonly uiUrl?: string;
    /** Whose builds the commands show and promote, and that a worker with a build id belongs to. */
    readonly deployment: string;
    /** Of a worker. Absent: it takes the tasks that belong to no build. */
    readonly buildId?: string;
    /** Where the API key was read: one that is put there later is used without a restart. */
    readonly apiKeyFile?: string;
    /** What Temporal's SDK reads profiles, API key and certificates from. Holds secrets. */
    readonly sdkVariables: Readonly<Record<string, string>>;
  };
  /** Where downloaded and built programs stay, shared by all checkouts. */
  readonly cacheDir: string;
  readonly logLevel: string;
  /** The simulator of `npm start` has short waits. */
  readonly shortWindows: boolean;
  /** `name=value` each. */
  readonly simulatorPolicy: readonly string[];
  /** What `npm start` listens on, beside the receiver. 0: a free one. */
  readonly devPorts: DevPorts;
}

interface DevPorts {
  readonly temporal: number;
  readonly temporalUi: number;
  readonly postgres: number;
  readonly simulator: number;
}

/** Most of them wait for answers: what they do costs, not that there are many. */
const DELIVERY_SLOTS = 500;

/** An installation has its namespace for itself, so one name is enough. */
const DEPLOYMENT = 'chatlio-aep';

export const ADOBE_DEFAULTS = {
  imsUrl: 'https://ims-na1.adobelogin.com',
  platformUrl: 'https://platform.adobe.io',
  scopes: 'openid,session,AdobeID,read_organizations,additional_info.projectedProductContext',
  requestTimeoutMs: 65_000,
  consistencyWindowMs: 90_000,
  maxAttempts: 8,
  firstRetryDelayMs: 1_000,
} as const;

/**
 * Reads the configuration.
 *
 * @param given for example `process.env`
 * @throws CodedError `CAEP_CONFIGURATION_INVALID` that names each wrong variable
 */
export function readConfiguration(given: NodeJS.ProcessEnv): Configuration {
  const { environment, problems } = withSecretFiles(given);
  const parsed = environmentSchema.safeParse(environment);
  const invalid = parsed.success ? [] : problemsOf(parsed.error.issues, environment);
  if (!parsed.success || problems.length > 0) throw notAsExpected([...problems, ...invalid]);
  const env = parsed.data;
  const userHome = homeOf(environment);
  const home = homeFolder(env.CHATLIO_AEP_HOME ?? '.chatlio-aep', userHome);
  const receiverPort = env.RECEIVER_PORT ?? 8088;
  return {
    home,
    databaseUrl: env.DATABASE_URL,
    databaseDirectUrl: env.DATABASE_DIRECT_URL,
    databaseMigratorUrl: env.DATABASE_MIGRATOR_URL,
    databaseMaxConnections: env.DATABASE_MAX_CONNECTIONS,
    keyFile: env.CHATLIO_AEP_KEY_FILE ?? resolve(home, 'keys.json'),
    accessKey: env.CHATLIO_AEP_ACCESS_KEY,
    adobe: adobeConfiguration(env),
    receiver: {
      host: env.RECEIVER_HOST ?? '127.0.0.1',
      port: receiverPort,
      publicUrl: env.RECEIVER_PUBLIC_URL ?? `http://localhost:${receiverPort}`,
      namedUrl: env.RECEIVER_PUBLIC_URL,
      spoolMaxBytes: env.RECEIVER_SPOOL_MAX_BYTES,
      keepMinutes: env.RECEIVER_KEEP_MINUTES,
      keepMaxBytes: env.RECEIVER_KEEP_MAX_BYTES,
      maxHeldBytes: env.RECEIVER_HELD_MAX_BYTES,
      metricsPort: env.RECEIVER_METRICS_PORT,
    },
    deliverySlots: env.WORKER_DELIVERY_SLOTS ?? DELIVERY_SLOTS,
    workerMetrics:
      env.WORKER_METRICS_PORT === undefined
        ? undefined
        : { host: env.WORKER_METRICS_HOST ?? '127.0.0.1', port: env.WORKER_METRICS_PORT },
    temporal: {
      address: env.TEMPORAL_ADDRESS,
      namespace: env.TEMPORAL_NAMESPACE,
      uiUrl: env.TEMPORAL_UI_URL,
      deployment: env.TEMPORAL_DEPLOYMENT_NAME ?? DEPLOYMENT,
      buildId: env.TEMPORAL_WORKER_BUILD_ID,
      apiKeyFile: secretFileOf(given, 'TEMPORAL_API_KEY'),
      sdkVariables: sdkVariables(environment),
    },
    cacheDir: cacheFolder(env.XDG_CACHE_HOME ?? (userHome && join(userHome, '.cache')), home),
    logLevel: env.LOG_LEVEL ?? 'info',
    shortWindows: env.CHATLIO_AEP_SHORT_WINDOWS === 'yes',
    simulatorPolicy: env.CHATLIO_AEP_SIMULATOR_POLICY ?? [],
    devPorts: {
      temporal: env.CHATLIO_AEP_TEMPORAL_PORT ?? 7233,
      temporalUi: env.CHATLIO_AEP_TEMPORAL_UI_PORT ?? 8233,
      postgres: env.CHATLIO_AEP_POSTGRES_PORT ?? 5488,
      simulator: env.CHATLIO_AEP_SIMULATOR_PORT ?? 8099,
    },
  };
}

/** @throws CodedError `CAEP_CONFIGURATION_INVALID` where the file holds none */
export function readApiKey(file: string): string {
  const path = 'TEMPORAL_API_KEY_FILE';
  const { value, problem } = readSecretFile(path, file);
  if (problem !== undefined) throw notAsExpected([problem]);
  const parsed = headerValue.safeParse(value);
  if (parsed.success) return parsed.data;
  throw notAsExpected(
    problemsOf(
      parsed.error.issues.map((issue) => ({ ...issue, path: ['TEMPORAL_API_KEY'] })),
      {},
    ),
  );
}

/** Also where the SDK looks for the configuration file of Temporal's CLI. */
const OF_TEMPORAL_SDK = /^(TEMPORAL_.+|HOME|XDG_CONFIG_HOME|APPDATA)$/;

/** Without blanks and line ends around them, and without empty ones, as all others are read. */
function sdkVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  const given = Object.entries(environment).flatMap(([name, value = '']): [string, string][] => {
    const trimmed = value.trim();
    return OF_TEMPORAL_SDK.test(name) && trimmed !== '' ? [[name, trimmed]] : [];
  });
  return Object.fromEntries(given);
}

const LONGEST_SHOWN = 120;

function problemsOf(issues: readonly z.core.$ZodIssue[], environment: NodeJS.ProcessEnv): Problem[] {
  return issues.map((issue) => {
    const path = String(issue.path[0]);
    return { path, expected: issue.message, got: shown(path, environment[path] ?? '') };
  });
}

function notAsExpected(problems: readonly Problem[]): Error {
  const names = [...new Set(problems.map(({ path }) => path))];
  const reason = `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} not as expected`;
  return codedError('CAEP_CONFIGURATION_INVALID', { reason }, { problems });
}

/** Quoted, so that a blank or a line end is seen. What a URL says before its host may be a password. */
function shown(variable: string, value: string): string {
  if (SECRET_VARIABLES.has(variable)) return '(a secret, not shown)';
  return JSON.stringify(value.slice(0, LONGEST_SHOWN).replace(/\/\/[^/]*@/, '//…@'));
}

/** Undefined for a user who has none: in a container a process may run under a number that has no name. */
function homeOf(environment: NodeJS.ProcessEnv): string | undefined {
  const { HOME } = environment;
  if (HOME !== undefined && HOME !== '') return HOME;
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

function homeFolder(given: string, userHome: string | undefined): string {
  if (!/^~(?=\/|$)/.test(given)) return resolve(given);
  if (userHome !== undefined) return resolve(given.replace('~', () => userHome));
  const expected = 'a path without ~, as this user has no home folder';
  throw notAsExpected([{ path: 'CHATLIO_AEP_HOME', expected, got: JSON.stringify(given) }]);
}

function cacheFolder(caches: string | undefined, home: string): string {
  return caches === undefined ? join(home, 'cache') : resolve(caches, 'chatlio-aep');
}

function adobeConfiguration(env: z.infer<typeof environmentSchema>): AdobeConfiguration | undefined {
  const { ADOBE_CLIENT_ID, ADOBE_CLIENT_SECRET, ADOBE_ORG_ID } = env;
  const given = [ADOBE_CLIENT_ID, ADOBE_CLIENT_SECRET, ADOBE_ORG_ID].filter((value) => value !== undefined).length;
  if (given === 0) return undefined;
  if (ADOBE_CLIENT_ID === undefined || ADOBE_CLIENT_SECRET === undefined || ADOBE_ORG_ID === undefined) {
    throw codedError('CAEP_CONFIGURATION_INVALID', {
      reason: 'ADOBE_CLIENT_ID, ADOBE_CLIENT_SECRET and ADOBE_ORG_ID must be set together',
    });
  }
  return {
    clientId: ADOBE_CLIENT_ID,
    clientSecret: ADOBE_CLIENT_SECRET,
    orgId: ADOBE_ORG_ID,
    scopes: env.ADOBE_SCOPES ?? ADOBE_DEFAULTS.scopes,
    imsUrl: env.ADOBE_IMS_URL ?? ADOBE_DEFAULTS.imsUrl,
    platformUrl: env.ADOBE_PLATFORM_URL ?? ADOBE_DEFAULTS.platformUrl,
    inletUrl: env.ADOBE_INLET_URL,
    queryServiceUrl: env.ADOBE_QUERY_SERVICE_URL,
    proxy: proxySettings(env),
    requestTimeoutMs: env.ADOBE_REQUEST_TIMEOUT_MS ?? ADOBE_DEFAULTS.requestTimeoutMs,
    maxRequestsPerSecond: env.ADOBE_MAX_REQUESTS_PER_SECOND,
    maxEventsPerSecond: env.ADOBE_MAX_EVENTS_PER_SECOND,
    consistencyWindowMs: env.ADOBE_CONSISTENCY_WINDOW_MS ?? ADOBE_DEFAULTS.consistencyWindowMs,
    maxAttempts: env.ADOBE_MAX_ATTEMPTS ?? ADOBE_DEFAULTS.maxAttempts,
    firstRetryDelayMs: env.ADOBE_FIRST_RETRY_DELAY_MS ?? ADOBE_DEFAULTS.firstRetryDelayMs,
  };
}

/** Checked only where Adobe is called: machines have all kinds of them set, and no other process uses one. In small letters they win. */
function proxySettings(env: z.infer<typeof environmentSchema>): ProxySettings | undefined {
  const httpsProxy = proxyUrl('https_proxy', env.https_proxy) ?? proxyUrl('HTTPS_PROXY', env.HTTPS_PROXY);
  const httpProxy = proxyUrl('http_proxy', env.http_proxy) ?? proxyUrl('HTTP_PROXY', env.HTTP_PROXY);
  if (httpsProxy === undefined && httpProxy === undefined) return undefined;
  return { httpsProxy, httpProxy, noProxy: env.no_proxy ?? env.NO_PROXY };
}

/** Without a scheme it is an HTTP proxy, as everywhere. */
function proxyUrl(path: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const address = given.includes('://') ? given : `http://${given}`;
  if (/^https?:/.test(address) && URL.canParse(address)) return address;
  const expected = 'an HTTP proxy, such as http://proxy.example.com:3128';
  throw notAsExpected([{ path, expected, got: shown(path, given) }]);
}
