import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { obtainGoProgram } from '../../../src/temporal/devServer/goProgram.js';
import { obtainTemporalServer } from '../../../src/temporal/devServer/obtainServer.js';
import { temporaryFolder } from '../../support/processes.js';

const CLI = '#!/bin/sh\necho "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"\n';
const OLD_CLI = '#!/bin/sh\necho "temporal version 1.0.0 (Server 1.24.2, UI 2.28.0)"\n';
/** Stands for Go: takes a moment, counts its builds, leaves a program. */
const go = (builds: string) => `#!/bin/sh
case "$1" in
  install) /bin/sleep 0.3; echo "$2" >> '${builds}'; printf '#!/bin/sh\\n' > "$GOBIN/temporal" ;;
esac
`;
const BROKEN_GO = '#!/bin/sh\n[ "$1" = version ] && exit 0\necho "no route to where modules come from" >&2; exit 1\n';

function machine(programs: Record<string, string>) {
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  const said: string[] = [];
  const cacheDir = join(folder, 'cache');
  const environment = { PATH: bin };
  const log = (line: string) => said.push(line);
  const obtain = (signal?: AbortSignal) =>
    obtainTemporalServer({ cacheDir, environment, download: false, log, signal });
  const program = {
    name: 'A program',
    package: 'example.com/a/cmd/server',
    version: '2.0.0',
    folder: 'a-program',
    file: 'a-server',
    minutes: 1,
    oldestGo: [1, 26, 10],
  } as const;
  const obtainProgram = () => obtainGoProgram(program, { cacheDir, environment, log });
  return { obtainProgram, folder, cached: join(cacheDir, 'temporal-cli-1.5.1', 'temporal'), said, obtain };
}

describe('obtaining the Temporal server', () => {
  it('takes the one on PATH first', async () => {
    const { obtain, said } = machine({ temporal: CLI });
    expect(await obtain()).toBe('temporal');
    expect(said).toEqual(['Temporal server: the one on PATH (server 1.29.1)']);
  });

  it('passes over one on PATH that is too old for what the workflows use', async () => {
    const builds = join(temporaryFolder(), 'builds');
    const { obtain, cached, said } = machine({ temporal: OLD_CLI, go: go(builds) });
    expect(await obtain()).toBe(cached);
    expect(said[0]).toContain('too old');
  });

  it('takes the cached one without a word', async () => {
    const { obtain, cached, said } = machine({});
    mkdirSync(join(cached, '..'), { recursive: true });
    writeFileSync(cached, CLI);
    expect(await obtain()).toBe(cached);
    expect(said).toEqual([]);
  });

  it('builds it once, whoever asks at the same time, and says how long it takes', async () => {
    const builds = join(temporaryFolder(), 'builds');
    const { obtain, cached, said } = machine({ go: go(builds) });
    expect(await Promise.all([obtain(), obtain(), obtain()])).toEqual([cached, cached, cached]);
    expect(readFileSync(builds, 'utf8')).toBe('github.com/temporalio/cli/cmd/temporal@v1.5.1\n');
    expect(said).toContain('Temporal server: building it with Go (about 3 minutes on 2 cores, once)');
    expect(said.filter((line) => line.includes('waiting'))).toHaveLength(2);
  });

  it('ends the build once nobody wants it any more, and leaves nothing half built', async () => {
    const begun = join(temporaryFolder(), 'begun');
    const { obtain, cached, said } = machine({
      go: `#!/bin/sh\n[ "$1" = version ] && exit 0\necho begun > '${begun}'\nexec /bin/sleep 600\n`,
    });
    const unwanted = new AbortController();
    const obtaining = obtain(unwanted.signal);
    await vi.waitUntil(() => existsSync(begun), { timeout: 10_000 });
    unwanted.abort(new Error('the database cannot start'));
    await expect(obtaining).rejects.toThrow('the database cannot start');
    expect(said.join()).not.toContain('failed');
    expect(readdirSync(join(cached, '..')).filter((left) => left !== 'lock')).toEqual([]);
  });

  it('says what is missing when there is no way', async () => {
    const { obtain, said } = machine({});
    await expect(obtain()).rejects.toMatchObject({ error: { code: 'CAEP_TEMPORAL_NOT_OBTAINED' } });
    expect(said).toEqual(['Temporal server: Go is not installed, so it cannot be built']);
  });

  it('repeats what the build said when it fails, leaves nothing half built, and lets the next one try', async () => {
    const { obtain, cached, said } = machine({ go: BROKEN_GO });
    await expect(obtain()).rejects.toMatchObject({ error: { code: 'CAEP_TEMPORAL_NOT_OBTAINED' } });
    expect(said.at(-1)).toContain('no route to where modules come from');
    expect(existsSync(cached)).toBe(false);
    await expect(obtain()).rejects.toMatchObject({ error: { code: 'CAEP_TEMPORAL_NOT_OBTAINED' } });
  });
});

describe('a program that is built with Go', () => {
  const building = (version: string, said: string) => `#!/bin/sh
if [ "$1" = version ]; then echo "go version go${version} linux/amd64"; exit; fi
echo "$2 \${GOTOOLCHAIN-none}" > '${said}'; printf '#!/bin/sh\\n' > "$GOBIN/server"
`;

  it.each([
    ['1.26.8', 'go1.27.3'],
    ['1.25.12', 'go1.27.3'],
    ['1.26.10', 'none'],
    ['1.27.0', 'none'],
    ['2.0', 'none'],
  ])('with Go %s takes the toolchain %s, and lies under its own name', async (version, toolchain) => {
    const said = join(temporaryFolder(), 'said');
    const { obtainProgram, folder } = machine({ go: building(version, said) });
    expect(await obtainProgram()).toBe(join(folder, 'cache', 'a-program-2.0.0', 'a-server'));
    expect(readFileSync(said, 'utf8')).toBe(`example.com/a/cmd/server@v2.0.0 ${toolchain}\n`);
    expect(await obtainProgram()).toBe(join(folder, 'cache', 'a-program-2.0.0', 'a-server'));
  });

  it('that cannot be built is none', async () => {
    const { obtainProgram, said } = machine({ go: BROKEN_GO });
    expect(await obtainProgram()).toBeUndefined();
    expect(said.at(-1)).toBe('A program: the build failed: no route to where modules come from');
  });
});
