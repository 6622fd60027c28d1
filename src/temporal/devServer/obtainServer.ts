/**
 * Finds or gets the Temporal server for development (the Temporal CLI with its `server start-dev`).
 *
 * In this order: `temporal` on PATH, our cache, the SDK's download, a build with Go. Each hop is announced with its expected
 * time. Several processes may ask at once; one works, the others wait for it.
 */
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { codedError } from '../../domain/errors.js';
import { withLock } from '../../process/files/lock.js';
import { partFile } from '../../process/programs/parts.js';

/** The last version that `go install` accepts: from 1.6.0 on its go.mod has a `replace`. */
const CLI_VERSION = '1.5.1';
/** Of the server inside: the first with what the workflows use (updates, autoscaling pollers). */
const OLDEST_SERVER = [1, 28] as const;
/** Answers at once or is not a Temporal CLI. */
const VERSION_TIMEOUT_MS = 10_000;
/** Offline it fails within a second; behind a firewall that swallows packets nothing would arrive for minutes. */
const FIRST_BYTE_TIMEOUT_MS = 15_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;
const BUILD_TIMEOUT_MS = 1_500_000;
const PROGRESS_MS = 20_000;

export interface ObtainOptions {
  /** Our cache; the binary stays in `<cacheDir>/temporal-cli-<version>/temporal`. */
  readonly cacheDir: string;
  /** `PATH` to look for `temporal` and `go` in, and what those need; for example `process.env`. */
  readonly environment: NodeJS.ProcessEnv;
  /** False: do not ask the network for a ready binary. */
  readonly download?: boolean;
  /** Not wanted any more: a download or build that is under way is ended. */
  readonly signal?: AbortSignal;
  /** Takes one line for a person. */
  readonly log: (line: string) => void;
}

/**
 * @returns path of the binary
 * @throws CodedError `CAEP_TEMPORAL_NOT_OBTAINED`
 */
export async function obtainTemporalServer(options: ObtainOptions): Promise<string> {
  const onPath = await usableServer('temporal', options);
  if (onPath !== undefined) {
    options.log(`Temporal server: the one on PATH (server ${onPath})`);
    return 'temporal';
  }
  const folder = join(options.cacheDir, `temporal-cli-${CLI_VERSION}`);
  const cached = join(folder, 'temporal');
  if (existsSync(cached)) return cached;
  const onWait = ({ pid }: { readonly pid: number }): void =>
    options.log(`Temporal server: process ${pid} is already downloading or building it; waiting`);
  return withLock(join(folder, 'lock'), onWait, async () => {
    if (existsSync(cached)) return cached;
    const made = (await download(folder, options)) ?? (await build(folder, options));
    if (made === undefined) throw codedError('CAEP_TEMPORAL_NOT_OBTAINED');
    // Renamed when complete: a binary that is there is a whole one.
    renameSync(made, cached);
    return cached;
  });
}

/** The version of the server inside a Temporal CLI, when it runs and is new enough. */
async function usableServer(binary: string, options: ObtainOptions): Promise<string | undefined> {
  const printed = await promisify(execFile)(binary, ['--version'], {
    timeout: VERSION_TIMEOUT_MS,
    env: options.environment,
  }).catch(() => undefined);
  const version = /Server (\d+)\.(\d+)\.\d+/.exec(printed?.stdout ?? '');
  if (version === null) return undefined;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const newEnough = major > OLDEST_SERVER[0] || (major === OLDEST_SERVER[0] && minor >= OLDEST_SERVER[1]);
  if (!newEnough) options.log(`Temporal server: the one on PATH is too old (${version[0]})`);
  return newEnough ? version[0].slice('Server '.length) : undefined;
}

/** By the SDK, in a process of its own: the SDK has no way to stop a download. */
async function download(folder: string, options: ObtainOptions): Promise<string | undefined> {
  if (options.download === false) return undefined;
  if (partFile('@temporalio/testing') === undefined) {
    options.log('Temporal server: not downloaded, because the package @temporalio/testing is not installed');
    return undefined;
  }
  options.log('Temporal server: downloading (about 50 MB, under a minute; fails within moments offline)');
  const target = mkdtempSync(join(folder, 'download-'));
  const child = spawn(process.execPath, ['--input-type=module', '--eval', DOWNLOAD_PROGRAM, target], {
    // Where the SDK is resolved from.
    cwd: import.meta.dirname,
    env: options.environment,
    stdio: 'ignore',
    signal: options.signal,
    timeout: DOWNLOAD_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<boolean>((resolve) => {
    child.once('exit', (code) => resolve(code === 0));
    child.once('error', () => resolve(false));
  });
  const watch = setTimeout(() => readdirSync(target).length === 0 && child.kill('SIGKILL'), FIRST_BYTE_TIMEOUT_MS);
  const done = await ended;
  clearTimeout(watch);
  const [file] = done ? readdirSync(target) : [];
  const path = join(folder, 'temporal.downloaded');
  options.signal?.throwIfAborted();
  if (file !== undefined) copyFileSync(join(target, file), path);
  else options.log('Temporal server: it cannot be downloaded');
  rmSync(target, { recursive: true, force: true });
  return file === undefined ? undefined : path;
}

/** The SDK downloads when it starts a server, so one is started and ended. */
const DOWNLOAD_PROGRAM = `
  import { TestWorkflowEnvironment } from '@temporalio/testing';
  const executable = { type: 'cached-download', version: 'v${CLI_VERSION}', downloadDir: process.argv[1] };
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
`;

async function build(folder: string, options: ObtainOptions): Promise<string | undefined> {
  const run = promisify(execFile);
  const env = options.environment;
  const found = await run('go', ['version'], { env, timeout: VERSION_TIMEOUT_MS }).catch(() => undefined);
  if (found === undefined) {
    options.log('Temporal server: Go is not installed, so it cannot be built');
    return undefined;
  }
  options.log('Temporal server: building it with Go (about 3 minutes on 2 cores, once)');
  mkdirSync(folder, { recursive: true });
  const bin = mkdtempSync(join(folder, 'build-'));
  const startedAt = performance.now();
  const progress = setInterval(() => {
    options.log(`Temporal server: still building (${Math.round((performance.now() - startedAt) / 1000)} s)`);
  }, PROGRESS_MS);
  try {
    await run('go', ['install', `github.com/temporalio/cli/cmd/temporal@v${CLI_VERSION}`], {
      env: { ...env, GOBIN: bin },
      signal: options.signal,
      timeout: BUILD_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    const path = join(folder, 'temporal.built');
    renameSync(join(bin, 'temporal'), path);
    return path;
  } catch (error) {
    options.signal?.throwIfAborted();
    options.log(`Temporal server: the build failed: ${lastLine((error as { stderr?: string }).stderr)}`);
    return undefined;
  } finally {
    clearInterval(progress);
    rmSync(bin, { recursive: true, force: true });
  }
}

function lastLine(text: string | undefined): string {
  return text?.trim().split('\n').at(-1) ?? 'no output';
}
