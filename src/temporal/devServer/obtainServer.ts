/**
 * Finds or gets the Temporal server for development (the Temporal CLI with its `server start-dev`).
 *
 * In this order: `temporal` on PATH, our cache, the SDK's download, a build with Go.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { codedError } from '../../domain/errors.js';
import { partFile } from '../../process/programs/parts.js';
import { buildWithGo, cachedFile, type GoProgram, lockFileOf, obtainOnce, type ObtainOptions } from './goProgram.js';

/** The newest that there is. */
const DOWNLOADED: GoProgram = {
  name: 'Temporal server',
  package: 'github.com/temporalio/cli/cmd/temporal',
  version: '1.9.1',
  folder: 'temporal-cli',
  file: 'temporal',
  minutes: 3,
};
/** The last one that `go install` accepts: from 1.6.0 on its go.mod has a `replace`. */
const BUILT: GoProgram = { ...DOWNLOADED, version: '1.5.1' };
/** Of the server inside: the oldest with which all tests have passed. */
const OLDEST_SERVER = [1, 29] as const;
/** Answers at once or is not a Temporal CLI. */
const VERSION_TIMEOUT_MS = 10_000;
/** Offline it fails within a second; behind a firewall that swallows packets nothing would arrive for minutes. */
const FIRST_BYTE_TIMEOUT_MS = 15_000;
const DOWNLOAD_TIMEOUT_MS = 300_000;

interface ServerOptions extends ObtainOptions {
  /** False: do not ask the network for a ready binary. */
  readonly download?: boolean;
}

/**
 * @returns path of the binary
 * @throws CodedError `CAEP_TEMPORAL_NOT_OBTAINED`
 */
export async function obtainTemporalServer(options: ServerOptions): Promise<string> {
  const onPath = await usableServer('temporal', options);
  if (onPath !== undefined) {
    options.log(`Temporal server: the one on PATH (server ${onPath})`);
    return 'temporal';
  }
  const obtaining = {
    name: BUILT.name,
    lockFile: lockFileOf(BUILT, options.cacheDir),
    find: () => [DOWNLOADED, BUILT].map((program) => cachedFile(program, options.cacheDir)).find(existsSync),
    make: async () => (await download(options)) ?? (await buildWithGo(BUILT, options)),
  };
  const obtained = await obtainOnce(obtaining, options);
  if (obtained === undefined) throw codedError('CAEP_TEMPORAL_NOT_OBTAINED');
  return obtained;
}

/** The version of the server inside a Temporal CLI, when it runs and is new enough. */
async function usableServer(binary: string, options: ServerOptions): Promise<string | undefined> {
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
async function download(options: ServerOptions): Promise<string | undefined> {
  if (options.download === false) return undefined;
  if (partFile('@temporalio/testing') === undefined) {
    options.log('Temporal server: not downloaded, because the package @temporalio/testing is not installed');
    return undefined;
  }
  options.log('Temporal server: downloading (about 50 MB, under a minute; fails within moments offline)');
  const path = cachedFile(DOWNLOADED, options.cacheDir);
  mkdirSync(dirname(path), { recursive: true });
  const target = mkdtempSync(join(dirname(path), 'download-'));
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
  options.signal?.throwIfAborted();
  // Renamed when complete: a binary that is there is a whole one.
  if (file !== undefined) renameSync(join(target, file), path);
  else options.log('Temporal server: it cannot be downloaded');
  rmSync(target, { recursive: true, force: true });
  return file === undefined ? undefined : path;
}

/** The SDK downloads when it starts a server, so one is started and ended. */
const DOWNLOAD_PROGRAM = `
  import { TestWorkflowEnvironment } from '@temporalio/testing';
  const executable = { type: 'cached-download', version: 'v${DOWNLOADED.version}', downloadDir: process.argv[1] };
  const environment = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await environment.teardown();
`;
