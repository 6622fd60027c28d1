/**
 * A program that is built with Go, once, into our cache. Several processes may ask at once; one works, the others wait for it.
 * Each hop is announced with its expected time.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from '../../process/files/lock.js';

export interface GoProgram {
  /** For the lines that a person reads. */
  readonly name: string;
  /** Of the module proxy, without its version. */
  readonly package: string;
  readonly version: string;
  /** In the cache: `<folder>-<version>/<file>`. */
  readonly folder: string;
  readonly file: string;
  /** On two cores that have nothing else to do. */
  readonly minutes: number;
  /** Of the module; a version of Go that is too old gets {@link GO_TOOLCHAIN}. */
  readonly oldestGo?: GoVersion;
}

export interface ObtainOptions {
  /** Our cache, with a folder for each version of a program. */
  readonly cacheDir: string;
  /** `PATH` to look for programs in, and what those need; for example `process.env`. */
  readonly environment: NodeJS.ProcessEnv;
  /** Not wanted any more: what is under way is ended. */
  readonly signal?: AbortSignal;
  /** Takes one line for a person. */
  readonly log: (line: string) => void;
}

type GoVersion = readonly [major: number, minor: number, patch: number];

/** The go command gets it from where it gets modules. */
const GO_TOOLCHAIN = 'go1.27.3';
/** Answers at once or is not Go. */
const VERSION_TIMEOUT_MS = 10_000;
/** On a machine that is busy with other things. */
const BUILD_TIMEOUT_MS = 3_600_000;
const PROGRESS_MS = 20_000;

export function cachedFile({ folder, version, file }: GoProgram, cacheDir: string): string {
  return join(cacheDir, `${folder}-${version}`, file);
}

interface Obtaining {
  /** For the lines that a person reads. */
  readonly name: string;
  /** Of who obtains it. */
  readonly lockFile: string;
  readonly find: () => string | undefined;
  /** @returns undefined where it cannot be, which has been said */
  readonly make: () => Promise<string | undefined>;
}

/** @returns path of the program; undefined where it cannot be made, which has been said */
export async function obtainOnce({ name, lockFile, find, make }: Obtaining, { log }: ObtainOptions) {
  const there = find();
  if (there !== undefined) return there;
  const onWait = ({ pid }: { readonly pid: number }): void =>
    log(`${name}: process ${pid} is already downloading or building it; waiting`);
  return withLock(lockFile, onWait, async () => find() ?? (await make()));
}

/** @returns as {@link obtainOnce} */
export function obtainGoProgram(program: GoProgram, options: ObtainOptions): Promise<string | undefined> {
  const cached = cachedFile(program, options.cacheDir);
  const obtaining = {
    name: program.name,
    lockFile: lockFileOf(program, options.cacheDir),
    find: () => (existsSync(cached) ? cached : undefined),
    make: () => buildWithGo(program, options),
  };
  return obtainOnce(obtaining, options);
}

export function lockFileOf(program: GoProgram, cacheDir: string): string {
  return join(dirname(cachedFile(program, cacheDir)), 'lock');
}

/** @returns path of the program; undefined where it cannot be built, which has been said */
export async function buildWithGo(program: GoProgram, options: ObtainOptions): Promise<string | undefined> {
  const run = promisify(execFile);
  const { name, minutes } = program;
  const cached = cachedFile(program, options.cacheDir);
  const env = options.environment;
  const found = await run('go', ['version'], { env, timeout: VERSION_TIMEOUT_MS }).catch(() => undefined);
  if (found === undefined) {
    options.log(`${name}: Go is not installed, so it cannot be built`);
    return undefined;
  }
  options.log(`${name}: building it with Go (about ${minutes} minutes on 2 cores, once)`);
  mkdirSync(dirname(cached), { recursive: true });
  const bin = mkdtempSync(join(dirname(cached), 'build-'));
  const startedAt = performance.now();
  const progress = setInterval(() => {
    options.log(`${name}: still building (${Math.round((performance.now() - startedAt) / 1000)} s)`);
  }, PROGRESS_MS);
  try {
    await run('go', ['install', `${program.package}@v${program.version}`], {
      env: { ...env, ...toolchainFor(program, found.stdout), GOBIN: bin },
      signal: options.signal,
      timeout: BUILD_TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    // Renamed when complete: a program that is there is a whole one.
    renameSync(join(bin, basename(program.package)), cached);
    return cached;
  } catch (error) {
    options.signal?.throwIfAborted();
    options.log(`${name}: the build failed: ${lastLine((error as { stderr?: string }).stderr)}`);
    return undefined;
  } finally {
    clearInterval(progress);
    rmSync(bin, { recursive: true, force: true });
  }
}

function toolchainFor({ oldestGo }: GoProgram, printed: string): NodeJS.ProcessEnv {
  const [, ...parts] = /\bgo(\d+)\.(\d+)(?:\.(\d+))?/.exec(printed) ?? [];
  if (oldestGo === undefined || parts.length === 0) return {};
  const differs = oldestGo.map((wanted, index) => Number(parts[index] ?? 0) - wanted).find((by) => by !== 0) ?? 0;
  return differs < 0 ? { GOTOOLCHAIN: GO_TOOLCHAIN } : {};
}

function lastLine(text: string | undefined): string {
  return text?.trim().split('\n').at(-1) ?? 'no output';
}
