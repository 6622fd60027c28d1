import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../src/dev/environments.js';
import { spawnServer } from '../../src/process/programs/server.js';
import { startTemporalServer } from '../../src/temporal/devServer/server.js';
import { temporaryFolder } from '../support/processes.js';
import { temporalBinary } from '../support/temporalBinary.js';

const SECRETS = {
  ADOBE_CLIENT_SECRET: 's1',
  DATABASE_URL: 's2',
  TEMPORAL_API_KEY: 's3',
  CHATLIO_AEP_ACCESS_KEY: 's4',
  AWS_SECRET_ACCESS_KEY: 's5',
  NODE_AUTH_TOKEN: 's6',
  PGPASSWORD: 's7',
  HTTPS_PROXY: 's8',
  SOME_TOKEN: 's9',
};
const READ = { PATH: '/bin', HOME: '/root', LOG_LEVEL: 'info', RECEIVER_PORT: '1', ADOBE_ORG_ID: 'o', TZ: 'UTC' };
const namesOf = (program: Parameters<typeof environmentOf>[0]) =>
  Object.keys(environmentOf(program, { ...SECRETS, ...READ })).sort();

describe('each program of a start', () => {
  it('gets what it reads, and no secret of another', () => {
    const system = ['HOME', 'PATH', 'TZ'];
    expect(namesOf('receiver')).toEqual(['DATABASE_URL', 'LOG_LEVEL', 'PGPASSWORD', 'RECEIVER_PORT', ...system].sort());
    expect(namesOf('simulator')).toEqual(['LOG_LEVEL', ...system].sort());
    expect(namesOf('temporal-obtainer')).toEqual(['HTTPS_PROXY', ...system].sort());
    expect(namesOf('worker')).toEqual(
      [
        'ADOBE_CLIENT_SECRET',
        'ADOBE_ORG_ID',
        'DATABASE_URL',
        'HTTPS_PROXY',
        'LOG_LEVEL',
        'PGPASSWORD',
        'TEMPORAL_API_KEY',
        ...system,
      ].sort(),
    );
  });

  it('gets every variable that the configuration reads for it', () => {
    const source = readFileSync('src/configuration.ts', 'utf8');
    const variables = [...source.matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(([, name]) => name ?? '');
    expect(variables).toContain('RECEIVER_PUBLIC_URL');
    const all = Object.fromEntries(variables.map((name) => [name, '1']));
    const given = [...Object.keys(environmentOf('worker', all)), ...Object.keys(environmentOf('receiver', all))];
    // Those of the client, and of the start itself.
    const others = /^(CHATLIO_AEP_(ACCESS_KEY|\w+_PORT|SIMULATOR_POLICY|SHORT_WINDOWS)|XDG_CACHE_HOME)$/;
    expect(variables.filter((name) => !given.includes(name) && !others.test(name))).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('Temporal gets nothing of ours', { timeout: 60_000 }, async () => {
    process.env['OUR_SECRET'] = 'not for Temporal';
    try {
      const server = await startTemporalServer({
        binary: await temporalBinary(),
        dbFile: join(temporaryFolder(), 'temporal.db'),
        namespace: 'default',
      });
      const environment = readFileSync(`/proc/${server.pid}/environ`, 'utf8');
      await server.stop();
      const names = environment.split('\0').map((line) => line.split('=', 1)[0]);
      expect(names.filter((name) => name !== '')).toEqual(['TZ', 'GOGC', 'GOMEMLIMIT']);
    } finally {
      delete process.env['OUR_SECRET'];
    }
  });
});

it('a server inherits nothing', async () => {
  const folder = temporaryFolder();
  const logFile = join(folder, 'log');
  process.env['OUR_SECRET'] = 'not for it';
  try {
    await spawnServer('/usr/bin/env', [], { env: { TZ: 'UTC' }, logFile }).exited;
  } finally {
    delete process.env['OUR_SECRET'];
  }
  expect(readdirSync(folder)).toEqual(['log']);
  expect(readFileSync(logFile, 'utf8')).toBe('TZ=UTC\n');
});
