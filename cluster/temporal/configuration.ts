/** The configuration files of Temporal's server and of its UI. Each has JSON in it, which is YAML. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Upstream } from '../../src/process/http/passOn.js';
import { replaceFile } from '../../src/process/files/wholeFile.js';
import { type ClusterPorts, ROLES } from './roles.js';

const LOOPBACK = '127.0.0.1';
const HISTORY_SHARDS = 8;
/** Of each role. All of them together stay below what the PostgreSQL of a cluster allows. */
const CONNECTIONS = { default: 10, visibility: 5 } as const;

interface ServerSettings {
  readonly ports: ClusterPorts;
  readonly databases: TemporalDatabases;
  /** Server settings, for example `{ 'limit.historyCount.suggestContinueAsNew': 50 }`. */
  readonly dynamicConfig: Readonly<Record<string, string | number | boolean>>;
}

export interface TemporalDatabases {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Of workflows. */
  readonly main: string;
  /** Of what lists and counts them. */
  readonly visibility: string;
}

/** @param url of the product's database; those of Temporal are beside it, on the same server */
export function databasesBeside(url: string): TemporalDatabases {
  const { hostname, port, username, password, pathname } = new URL(url);
  const beside = decodeURIComponent(pathname.slice(1));
  return {
    host: hostname,
    port: port === '' ? 5432 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    main: `${beside}_temporal`,
    visibility: `${beside}_temporal_visibility`,
  };
}

/** Temporal server, `common/config/config.go`. */
export function serverConfiguration({ ports, databases }: ServerSettings, dynamicConfigFile: string): object {
  const store = (databaseName: string, connections: number) => ({
    sql: {
      pluginName: 'postgres12_pgx',
      databaseName,
      connectAddr: `${databases.host}:${databases.port}`,
      connectProtocol: 'tcp',
      user: databases.user,
      password: databases.password,
      maxConns: connections,
      maxIdleConns: connections,
      maxConnLifetime: '1h',
    },
  });
  const services = ROLES.map((role) => [
    role,
    // No httpPort: nobody uses it, and it would answer pages that have their own name point to this machine.
    { rpc: { grpcPort: ports[role].grpc, membershipPort: ports[role].membership, bindOnIP: LOOPBACK } },
  ]);
  return {
    log: { stdout: true, level: 'warn' },
    persistence: {
      defaultStore: 'main',
      visibilityStore: 'visibility',
      numHistoryShards: HISTORY_SHARDS,
      datastores: {
        main: store(databases.main, CONNECTIONS.default),
        visibility: store(databases.visibility, CONNECTIONS.visibility),
      },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: LOOPBACK } },
    services: Object.fromEntries(services),
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: {
          enabled: true,
          initialFailoverVersion: 1,
          rpcName: 'frontend',
          rpcAddress: `${LOOPBACK}:${ports.frontend.grpc}`,
        },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    archival: { history: { state: 'disabled' }, visibility: { state: 'disabled' } },
    namespaceDefaults: { archival: { history: { state: 'disabled' }, visibility: { state: 'disabled' } } },
    dynamicConfigClient: { filepath: dynamicConfigFile, pollInterval: '60s' },
  };
}

/**
 * The file holds the database's password, so mode 0600.
 *
 * @returns the arguments that lead the server there; the oldest one knows no `--config-file`
 */
export function writeServerConfiguration(folder: string, settings: ServerSettings): string[] {
  const dynamicConfigFile = join(folder, 'dynamic-config.yaml');
  const values = Object.entries(settings.dynamicConfig).map(([name, value]) => [name, [{ value }]]);
  mkdirSync(folder, { recursive: true });
  replaceFile(dynamicConfigFile, text(Object.fromEntries(values)));
  replaceFile(join(folder, 'server.yaml'), text(serverConfiguration(settings, dynamicConfigFile)));
  return argumentsFor(folder, 'server');
}

/** UI server, `server/config/config.go`. @returns the arguments that lead it there */
export function writeUiConfiguration(folder: string, address: string, place: Upstream, namespace: string): string[] {
  const configuration = {
    temporalGrpcAddress: address,
    host: place.host,
    port: place.port,
    enableUi: true,
    defaultNamespace: namespace,
    disableNewsFetch: true,
    notifyOnNewVersion: false,
  };
  mkdirSync(folder, { recursive: true });
  replaceFile(join(folder, 'ui.yaml'), text(configuration));
  return argumentsFor(folder, 'ui');
}

function argumentsFor(folder: string, name: string): string[] {
  return ['--root', folder, '--config', '.', '--env', name];
}

function text(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
