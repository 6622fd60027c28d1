import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  databasesBeside,
  serverConfiguration,
  writeServerConfiguration,
} from '../../../cluster/temporal/configuration.js';
import { temporaryFolder } from '../../support/processes.js';

const ports = {
  frontend: { grpc: 1, membership: 2 },
  history: { grpc: 3, membership: 4 },
  matching: { grpc: 5, membership: 6 },
  worker: { grpc: 7, membership: 8 },
};
const PASSWORD = `it's: "#{{x}}"`;
const databases = databasesBeside(`postgres://an%40a:${encodeURIComponent(PASSWORD)}@db.internal/chat`);
const settings = { ports, databases, dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': 50 } };

it('puts the databases of Temporal beside that of the product', () => {
  expect(databases).toMatchObject({ host: 'db.internal', port: 5432, user: 'an@a', password: PASSWORD });
  expect([databases.main, databases.visibility]).toEqual(['chat_temporal', 'chat_temporal_visibility']);
});

it('gives each role its ports, on this machine only, and no HTTP', () => {
  const { services } = serverConfiguration(settings, 'x') as { services: Record<string, unknown> };
  expect(services).toEqual({
    frontend: { rpc: { grpcPort: 1, membershipPort: 2, bindOnIP: '127.0.0.1' } },
    history: { rpc: { grpcPort: 3, membershipPort: 4, bindOnIP: '127.0.0.1' } },
    matching: { rpc: { grpcPort: 5, membershipPort: 6, bindOnIP: '127.0.0.1' } },
    worker: { rpc: { grpcPort: 7, membershipPort: 8, bindOnIP: '127.0.0.1' } },
  });
});

it('writes files that its owner alone can read, with any password, and several shards', () => {
  const folder = temporaryFolder();
  expect(writeServerConfiguration(folder, settings)).toEqual(['--root', folder, '--config', '.', '--env', 'server']);
  const file = join(folder, 'server.yaml');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { persistence, dynamicConfigClient } = parse(readFileSync(file, 'utf8')) as Record<
    string,
    Record<string, unknown>
  >;
  expect(persistence).toMatchObject({
    numHistoryShards: 8,
    datastores: {
      main: {
        sql: { databaseName: 'chat_temporal', connectAddr: 'db.internal:5432', user: 'an@a', password: PASSWORD },
      },
      visibility: { sql: { databaseName: 'chat_temporal_visibility' } },
    },
  });
  const dynamic = join(folder, 'dynamic-config.yaml');
  expect(dynamicConfigClient).toMatchObject({ filepath: dynamic });
  expect(parse(readFileSync(dynamic, 'utf8'))).toEqual({ 'limit.historyCount.suggestContinueAsNew': [{ value: 50 }] });
});
