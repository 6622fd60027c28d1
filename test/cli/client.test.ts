/** The real program in a process of its own, where nothing but this machine is needed. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readManifestFile } from '../../src/manifest/read.js';

const CLIENT = resolve('src/client.ts');

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

let folder: string;
/** Takes connections and never says a word. */
let silent: Server;
let accepted = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chatlio-aep-client-'));
  silent = createServer(() => {
    accepted += 1;
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => silent.once('listening', listening));
});
afterAll(async () => {
  silent.close();
  await rm(folder, { recursive: true });
});

function run(parameters: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const startedAt = Date.now();
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), CLIENT, ...parameters], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, CHATLIO_AEP_HOME: join(folder, 'home'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((ended) => {
    child.on('close', (exitCode) => ended({ exitCode, stdout, stderr, tookMs: Date.now() - startedAt }));
  });
}

const nobody = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
const silence = () => ({ TEMPORAL_ADDRESS: `127.0.0.1:${(silent.address() as AddressInfo).port}` });
/** What a person waits, with room for a machine that runs other tests: alone it takes some 2 s and 4 s. */
const PATIENCE_MS = 15_000;

describe('a wrong manifest', () => {
  it('is refused with every problem and exit 4 before anything is asked of Temporal', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(file, 'version: 1\nname: A b\nchatlio: {widgets: []}\n');
    const before = accepted;
    for (const command of ['plan', 'provision']) {
      const { exitCode, stdout, stderr } = await run([command, file], silence());
      expect(exitCode).toBe(4);
      expect(stdout).toBe('');
      expect(stderr).toContain('has 3 problem(s)');
    }
    expect(accepted).toBe(before);
  });

  it('is a document with problems when JSON is asked for', async () => {
    const file = join(folder, 'wrong.json.yaml');
    await writeFile(file, 'version: 1\n');
    const { exitCode, stdout, stderr } = await run(['--output', 'json', 'plan', file]);
    expect(exitCode).toBe(4);
    expect(stderr).toBe('');
    const document = JSON.parse(stdout) as { v: number; command: string; error: { code: string; problems: object[] } };
    expect(document).toMatchObject({ v: 1, command: 'plan', error: { code: 'CAEP_MANIFEST_INVALID' } });
    expect(document.error.problems.length).toBeGreaterThan(2);
  });
});

describe('without a Temporal server', () => {
  it.each([
    ['that listens', () => nobody],
    ['that answers', silence],
  ])('%s it is said soon, with the command that helps, exit 1', async (_what, environment) => {
    const { exitCode, stdout, stderr, tookMs } = await run(['status'], environment());
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('CAEP_TEMPORAL_UNREACHABLE');
    expect(stderr).toContain('npm start');
    expect(tookMs).toBeLessThan(PATIENCE_MS);
  });

  it('doctor still checks the rest, and names each fix', async () => {
    const { exitCode, stdout } = await run(['doctor'], { ...nobody, RECEIVER_PUBLIC_URL: 'http://127.0.0.1:1' });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('✔  configuration');
    expect(stdout).toContain('✖  receiver');
    expect(stdout).toContain('✖  Temporal');
    expect(stdout).toContain('·  worker');
  });
});

describe('a wrong configuration', () => {
  it('names the variable and not its secret, exit 4', async () => {
    const { exitCode, stderr } = await run(['status'], { DATABASE_URL: 'mysql://root:s3cret@db' });
    expect(exitCode).toBe(4);
    expect(stderr).toContain('DATABASE_URL');
    expect(stderr).not.toContain('s3cret');
  });
});

describe('a home that cannot be written', () => {
  it.each([
    ['dev', 'npm start'],
    ['demo', 'demo'],
  ])('%s says which folder and why, exit 4', async (command) => {
    const blocked = join(folder, 'a-file');
    await writeFile(blocked, '');
    const { exitCode, stderr } = await run([command], { CHATLIO_AEP_HOME: join(blocked, 'home') });
    expect(stderr).toContain('CAEP_FILE_REFUSED');
    expect(stderr).toContain(blocked);
    expect(stderr).toContain('CHATLIO_AEP_HOME');
    expect(exitCode).toBe(4);
  });
});

describe('a wrong call', () => {
  it.each([
    [['provision'], "missing required argument 'file'"],
    [['provison', 'x.yaml'], 'Did you mean provision?'],
    [['send', 'support-chat', 'chat'], 'Allowed choices are new-conversation'],
    [['send', 'support-chat', 'feedback', '--count', '0'], 'expected a whole number of 1 or more'],
    [['--output', 'xml', 'status'], 'Allowed choices are human, json'],
    [['init'], 'There is no terminal for questions'],
  ])('%j ends with exit 4 and says why', async (parameters, why) => {
    const { exitCode, stdout, stderr } = await run(parameters);
    expect(exitCode).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toContain(why);
  });
});

describe('init', () => {
  const answers = ['--name', 'sales-chat', '--sandbox', 'dev', '--widget', 'main', '--widget', 'blog'];

  it('writes a manifest that is good, and never overwrites one', async () => {
    const first = await run(['init', ...answers]);
    expect(first.exitCode).toBe(0);
    const file = join(folder, 'sales-chat.yaml');
    const manifest = await readManifestFile(file);
    expect(manifest).toMatchObject({ name: 'sales-chat', sandbox: 'dev' });
    expect(manifest.chatlio.widgets.map(({ key }) => key)).toEqual(['main', 'blog']);

    const schema = /\$schema=(\S+)/.exec(await readFile(file, 'utf8'))?.[1] ?? '';
    expect(existsSync(resolve(folder, schema))).toBe(true);

    const second = await run(['init', ...answers]);
    expect(second.exitCode).toBe(4);
    expect(second.stderr).toContain('--force overwrites it');
  });

  it('writes nothing when an answer is wrong', async () => {
    const { exitCode, stderr } = await run([
      'init',
      'bad.yaml',
      '--name',
      'A b',
      '--sandbox',
      'dev',
      '--widget',
      'main',
    ]);
    expect(exitCode).toBe(4);
    expect(stderr).toContain('a name: lower case letters');
    expect(existsSync(join(folder, 'bad.yaml'))).toBe(false);
  });
});

describe('help', () => {
  it('is data on stdout, exit 0, and names the exit codes', async () => {
    const { exitCode, stdout, stderr } = await run(['--help']);
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain('3 waiting for a person');
  });
});

describe('colour', () => {
  it('is left out where there is no terminal, and with NO_COLOR even when forced', async () => {
    const [piped, forced, refused] = await Promise.all([
      run(['plan', 'none.yaml']),
      run(['plan', 'none.yaml'], { FORCE_COLOR: '1' }),
      run(['plan', 'none.yaml'], { FORCE_COLOR: '1', NO_COLOR: '1' }),
    ]);
    expect(piped.stderr).not.toContain('\u001b[');
    expect(forced.stderr).toContain('\u001b[');
    expect(refused.stderr).not.toContain('\u001b[');
  });
});

describe('the modules of the client', () => {
  it('hold nothing of the worker: its native library takes a second and 60 MB', async () => {
    const list = `import m from 'node:module'; process.on('exit', () => console.log('MODULES ' + Object.keys(m._cache).join(' ')))`;
    const preload = `--import data:text/javascript,${encodeURIComponent(list)}`;
    const { stdout } = await run(['status'], { ...nobody, NODE_OPTIONS: preload });
    const modules = stdout.split('MODULES ')[1]?.split(' ') ?? [];
    expect(modules.filter((path) => path.includes('@temporalio/client/')).length).toBeGreaterThan(10);
    expect(modules.filter((path) => /@temporalio\/(worker|core-bridge|testing)\//.test(path))).toEqual([]);
  });
});
