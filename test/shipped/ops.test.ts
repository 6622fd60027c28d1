/** The files of `ops/` for containers and systemd: they fit the product, and take away what it does not need. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { APART } from '../../scripts/build/packages.js';
import { environmentSchema } from '../../src/configuration.js';
import { packageFile } from '../../src/process/packageFiles.js';
import { temporaryFolder } from '../support/processes.js';

const read = (path: string) => readFileSync(packageFile(path), 'utf8');

/** Variables of ours among these names that no process reads. */
function unknownAmong(names: readonly string[]): string[] {
  const known = new Set([...Object.keys(environmentSchema.shape), 'NODE_ENV']);
  return names.filter((name) => !known.has(name.replace(/_FILE$/, '')) && !known.has(name));
}

describe('the Containerfile', () => {
  const text = read('ops/Containerfile');
  /** From one `FROM` to the next, by name. */
  const stages = new Map(
    text
      .split(/^(?=FROM )/m)
      .slice(1)
      .map((stage) => [/^FROM \S+ AS (\S+)$/m.exec(stage)?.[1] ?? '', stage.replaceAll('\\\n', '')]),
  );
  const images = ['worker', 'receiver', 'simulator'];

  it('has nothing that its linter complains of', () => {
    expect(validate('FROM node\nWORKDIR relative\n')).toHaveLength(1);
    expect(validate(text).map(({ message }) => message)).toEqual([]);
  });

  it.each(images)('runs %s as a user without rights, with a health check, and so that signals reach it', (name) => {
    const lines = (stages.get(name) ?? '').split('\n');
    const last = (word: string) => lines.findLast((line) => line.startsWith(`${word} `)) ?? '';
    expect(last('USER')).toBe('USER node');
    expect(lines.findIndex((line) => line.startsWith('RUN '))).toBeLessThan(lines.indexOf('USER node'));
    expect(last('HEALTHCHECK')).toMatch(/CMD \["node", .*fetch\(.*http:\/\/127\.0\.0\.1:.*\/(healthz|__sim)/);
    expect(last('ENTRYPOINT')).toMatch(/^ENTRYPOINT \["/);
  });

  it('installs what the lock file says, and for development in the build alone', () => {
    const installs = [...stages].flatMap(([name, stage]) =>
      [...stage.matchAll(/^RUN (npm (?:ci|i|install)\b.*)$/gm)].map((match) => `${name}: ${match[1]}`),
    );
    expect(installs.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'build: npm ci',
      'worker-packages: npm ci',
      'receiver-packages: npm ci',
      'simulator-packages: npm ci',
    ]);
    expect(installs.filter((line) => !line.startsWith('build:') && !line.includes(' --omit=dev '))).toEqual([]);
  });

  it('begins with one image, of a version, and copies what there is', () => {
    const [, image] = /^ARG NODE_IMAGE=(.*)$/m.exec(text) ?? [];
    expect(image).toMatch(/^docker\.io\/library\/node:\d+\.\d+\.\d+-\w+-slim$/);
    const bases = [...text.matchAll(/^FROM (\S+)/gm)].map((match) => match[1] ?? '');
    expect(bases.filter((from) => from !== '${NODE_IMAGE}' && !stages.has(from))).toEqual([]);
    const copied = [...text.matchAll(/^COPY (?!--)(.*) \S+$/gm)].flatMap((match) => (match[1] ?? '').split(' '));
    expect(copied).toContain('package-lock.json');
    expect(copied.filter((path) => !existsSync(packageFile(path)))).toEqual([]);
    const packages = [...text.matchAll(/dist\/packages\/(\S+)/g)].map((match) => match[1]);
    expect(packages).toEqual(APART.map(({ name }) => name));
  });

  it('sets variables that are read', () => {
    const set = [...text.matchAll(/(?:^ENV| ) *([A-Z_]{4,})=/gm)].map((match) => match[1] ?? '');
    expect(set).toContain('CHATLIO_AEP_HOME');
    expect(unknownAmong(set.filter((name) => name !== 'NODE_IMAGE'))).toEqual([]);
  });
});

interface Service {
  readonly image?: string;
  readonly build?: { readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly ports?: readonly string[];
}

describe('the compose files', () => {
  const servicesOf = (path: string) =>
    Object.entries((parse(read(path), { merge: true }) as { services: Readonly<Record<string, Service>> }).services);
  const services = [...servicesOf('ops/compose/compose.yaml'), ...servicesOf('ops/compose/compose.simulator.yaml')];
  const ours = services.filter(([, { build }]) => build !== undefined);

  it('have Temporal, PostgreSQL, a worker, receivers and the simulator', () => {
    expect(new Set(services.map(([name]) => name))).toEqual(
      new Set(['postgres', 'temporal', 'worker', 'receiver-1', 'receiver-2', 'simulator']),
    );
    const targets = new Set(ours.map(([, { build }]) => build?.target));
    expect([...targets].filter((target) => !read('ops/Containerfile').includes(`AS ${target}\n`))).toEqual([]);
  });

  it.each(ours)('let %s write to its volumes alone', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('give each receiver a volume of its own, which outlives it', () => {
    const homes = services
      .filter(([name]) => name.startsWith('receiver-'))
      .map(([, { volumes = [] }]) => volumes.find((volume) => volume.endsWith(':/var/lib/chatlio-aep')));
    expect(homes).toEqual(['receiver-1:/var/lib/chatlio-aep', 'receiver-2:/var/lib/chatlio-aep']);
    const { volumes } = parse(read('ops/compose/compose.yaml')) as { volumes: object };
    expect(Object.keys(volumes)).toEqual(expect.arrayContaining(['receiver-1', 'receiver-2']));
  });

  it('set variables that are read, and open ports on this machine alone', () => {
    const set = services
      .filter(([name]) => !['postgres', 'temporal'].includes(name))
      .flatMap(([, { environment = {} }]) => Object.keys(environment));
    expect(set).toContain('DATABASE_URL');
    expect(unknownAmong(set)).toEqual([]);
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(2);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });
});

describe('the units of systemd', () => {
  const units = readdirSync(packageFile('ops/systemd')).filter((name) => name.endsWith('.service'));
  const settings = (path: string, name: string) =>
    [...read(path).matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map((match) => match[1] ?? '');

  it('are one for the worker, and one for any number of receivers', () => {
    expect(units.toSorted()).toEqual(['chatlio-aep-receiver@.service', 'chatlio-aep-worker.service']);
  });

  it('share what takes away rights', () => {
    const sandbox = 'ops/systemd/chatlio-aep-.service.d/sandbox.conf';
    // A folder of this name is read for each unit whose name it begins.
    expect(units.filter((unit) => !unit.startsWith('chatlio-aep-'))).toEqual([]);
    for (const name of ['NoNewPrivileges', 'PrivateTmp', 'PrivateDevices', 'ProtectHome']) {
      expect(settings(sandbox, name), name).toEqual(['yes']);
    }
    expect(settings(sandbox, 'ProtectSystem')).toEqual(['strict']);
    expect(settings(sandbox, 'CapabilityBoundingSet')).toEqual(['']);
    // More than the 25 s within which a process ends.
    expect(Number(settings(sandbox, 'TimeoutStopSec')[0])).toBeGreaterThan(30);
  });

  it.each(units)('%s runs a program that is installed, as a user of its own, and keeps its home', (unit) => {
    const path = `ops/systemd/${unit}`;
    const [program] = (settings(path, 'ExecStart')[0] ?? '').split(' ');
    expect(['chatlio-aep', 'chatlio-aep-receiver'].map((name) => `/opt/${name}/bin/${name}`)).toContain(program);
    const [user] = settings(path, 'User');
    expect(read('ops/systemd/chatlio-aep.sysusers.conf')).toMatch(new RegExp(`^u ${user} `, 'm'));
    expect(settings(path, 'EnvironmentFile')).toEqual([`/etc/${user}/environment`]);

    const file = `ops/systemd/${user?.replace('chatlio-aep-', '')}.environment`;
    const variables = [...settings(path, 'Environment'), ...read(file).split('\n')]
      .flatMap((line) => line.split(' '))
      .flatMap((line) =>
        [...line.matchAll(/^([A-Z_]+)=(.*)$/g)].map(([, name = '', value = '']) => [name, value] as const),
      );
    expect(unknownAmong(variables.map(([name]) => name))).toEqual([]);
    expect(new Map(variables).get('CHATLIO_AEP_HOME')).toBe(`/var/lib/${settings(path, 'StateDirectory')[0]}`);
    // Secrets lie in files that this user alone can read.
    const files = variables.filter(([name]) => name.endsWith('_FILE'));
    expect(files.length).toBeGreaterThan(1);
    expect(files.filter(([, value]) => !value.startsWith(`/etc/${user}/`))).toEqual([]);
  });
});

describe('one-platform.js', () => {
  /** An installation with the native libraries of these platforms. */
  function installation(platforms: readonly string[]) {
    const folder = temporaryFolder();
    const bridge = join(folder, 'node_modules/@temporalio/core-bridge');
    for (const platform of platforms) {
      mkdirSync(join(bridge, 'releases', platform), { recursive: true });
      writeFileSync(join(bridge, 'releases', platform, 'index.node'), '');
    }
    for (const file of ['package.json', 'common.js']) {
      cpSync(packageFile(`node_modules/@temporalio/core-bridge/${file}`), join(bridge, file));
    }
    const run = () => execFileSync(process.execPath, [packageFile('ops/one-platform.js'), folder], { stdio: 'pipe' });
    return { run, left: () => readdirSync(join(bridge, 'releases')) };
  }
  const releases = dirname(packageFile('node_modules/@temporalio/core-bridge/releases/x'));

  it('leaves the library of this platform', () => {
    const { run, left } = installation(readdirSync(releases));
    expect(left().length).toBeGreaterThan(3);
    run();
    expect(left()).toHaveLength(1);
    expect(existsSync(join(releases, left()[0] ?? '', 'index.node'))).toBe(true);
  });

  it('removes nothing where there is none for this platform', () => {
    const { run, left } = installation(['x86_64-none', 'sparc-none']);
    expect(run).toThrow('No prebuilt module found');
    expect(left()).toHaveLength(2);
  });
});
