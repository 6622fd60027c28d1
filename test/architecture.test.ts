/** Imports point one way (ARCHITECTURE.md, "Rooms"), and nothing but what a workflow may use is in its bundle. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fileOf, filesOf, importsOf, isRelative, readable, ROOT } from './support/imports.js';
import { bundleWorkflows } from './support/workflowBundle.js';

/** What the files of a room import, beside their own room: this, and no less. An entry is a room of one file. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  configuration: ['domain'],
  process: ['domain'],
  stackEnvironment: ['configuration', 'process'],
  adobe: ['configuration', 'domain'],
  chatlio: ['domain'],
  dataprep: ['domain'],
  projection: ['chatlio', 'dataprep', 'domain'],
  manifest: ['dataprep', 'domain'],
  metrics: ['domain', 'process'],
  store: ['domain', 'process'],
  temporal: ['configuration', 'domain', 'process'],
  workflows: ['domain'],
  // Reads what the delivering side did with nothing of its code.
  audit: ['domain'],
  activities: [
    'adobe',
    'audit',
    'chatlio',
    'configuration',
    'dataprep',
    'domain',
    'manifest',
    'metrics',
    'process',
    'projection',
    'store',
    'temporal',
  ],
  receiver: ['chatlio', 'configuration', 'domain', 'metrics', 'process', 'projection', 'store'],
  dev: ['configuration', 'domain', 'process', 'stackEnvironment', 'store', 'temporal'],
  // The demo starts the stack.
  cli: ['chatlio', 'configuration', 'dev', 'domain', 'manifest', 'process', 'store', 'temporal'],
  client: ['cli', 'configuration', 'process', 'stackEnvironment', 'temporal'],
  'dev entry': ['cli', 'configuration', 'dev', 'domain'],
  'receiver entry': ['cli', 'configuration', 'domain', 'metrics', 'process', 'receiver', 'store'],
  worker: ['activities', 'adobe', 'cli', 'configuration', 'domain', 'metrics', 'process', 'store', 'temporal'],
  simulator: ['domain', 'process', 'store'],
  cluster: ['cli', 'configuration', 'dev', 'domain', 'process', 'store', 'temporal'],
  bench: ['chatlio', 'configuration', 'domain', 'manifest', 'process', 'scripts', 'store', 'temporal'],
  // Of the simulator the types of its faults.
  chaos: [
    'chatlio',
    'cluster',
    'configuration',
    'dev',
    'domain',
    'manifest',
    'process',
    'scripts',
    'simulator',
    'store',
    'temporal',
  ],
  // Histories are recorded of the scenarios that the tests play.
  scripts: ['domain', 'manifest', 'process', 'projection', 'temporal', 'test'],
};

/** What some folders import of a room that they may import only in part: everything else of it is refused. */
const ONLY: readonly { why: string; from: RegExp; of: RegExp; allowed: RegExp }[] = [
  {
    why: 'the simulator shares no reading of Adobe or Chatlio with the client that it is there to test',
    from: /^simulator\//,
    of: /^src\//,
    allowed: /^src\/(store\/connection\/embedded\.js|process\/|domain\/(errorDocument|errors|messageOf|printable)\.js)/,
  },
  {
    why: 'the audit shares no decision about delivery',
    from: /^src\/audit\//,
    of: /^src\/domain\//,
    allowed: /\/(audit|errors)\.js$|\/events\//,
  },
  {
    why: 'a receiver takes events; it delivers none and decides about none',
    from: /^src\/receiver(\/|\.ts$)/,
    of: /^src\/store\//,
    allowed:
      /^src\/store\/((bodies|connection|exceptions|keys|log|receivers|sources|views)\/|(prepare|schemaFit)\.js$)/,
  },
  {
    why: 'a receiver holds what it cannot take',
    from: /^src\/receiver(\/|\.ts$)/,
    of: /^src\/store\/exceptions\//,
    allowed: /\/held(OnArrival|Place)\.js$/,
  },
  {
    why: 'a drain is given the inlet, and knows nothing of Adobe',
    from: /^src\/activities\/(drain|held)\//,
    of: /^src\/adobe\//,
    allowed: /^$/,
  },
  {
    why: 'chaos counts events with SQL of its own',
    from: /^chaos\//,
    of: /^src\/store\//,
    allowed: /^src\/store\/(connection|keys)\/|\/delivery\/gate\.js$|\/sources\/provisioning\.js$/,
  },
  {
    why: 'chaos speaks to the simulator through its admin side',
    from: /^chaos\//,
    of: /^simulator\//,
    allowed: /^simulator\/faults\/faults\.js$/,
  },
];

function roomOf(path: string): string {
  const [top = '', second = '', third] = path.split('/');
  if (top !== 'src') return top;
  if (third !== undefined) return second;
  const name = second.replace(/\.[jt]s$/, '');
  return name === 'dev' || name === 'receiver' ? `${name} entry` : name;
}

describe('imports', () => {
  const source = importsOf('src');
  const all = [...source, ...['simulator', 'cluster', 'bench', 'chaos', 'scripts'].flatMap(importsOf)];

  it('are read at all', () => {
    expect(source.length).toBeGreaterThan(300);
    expect(source.map(readable)).toContain('src/store/connection/embedded.ts imports src/process/programs/end.js');
  });

  it('point one way, from the entries to the domain, and the table of rooms allows nothing that nobody needs', () => {
    const found = new Map(Object.keys(MAY_IMPORT).map((room) => [room, new Set<string>()]));
    for (const one of all.filter(isRelative)) {
      const [from, to] = [roomOf(one.from), roomOf(one.to)];
      if (from === to || (from === 'workflows' && to === 'activities' && one.typeOnly)) continue;
      found.set(from, (found.get(from) ?? new Set()).add(to));
    }
    expect(Object.fromEntries([...found].map(([room, others]) => [room, [...others].toSorted()]))).toEqual(MAY_IMPORT);
  });

  it.each(ONLY)('are few, because $why', ({ from, of, allowed }) => {
    const concerned = all.filter((one) => isRelative(one) && from.test(one.from));
    expect(concerned).not.toEqual([]);
    expect(concerned.filter(({ to }) => of.test(to) && !allowed.test(to)).map(readable)).toEqual([]);
  });

  it('of chaos take from the simulator its types alone', () => {
    const taken = all.filter(({ from, to }) => from.startsWith('chaos/') && to.startsWith('simulator/'));
    expect(taken.filter(({ typeOnly }) => !typeOnly).map(readable)).toEqual([]);
  });

  it('bring into workflows nothing but Temporal’s workflow package, and into the domain nothing at all', () => {
    const packages = (room: string) =>
      source.filter((one) => !isRelative(one) && roomOf(one.from) === room).map(({ to }) => to);
    expect(new Set(packages('workflows'))).toEqual(new Set(['@temporalio/workflow']));
    expect(packages('domain')).toEqual([]);
  });

  /** What a program loads, with what its modules load: packages by name, our own files by path. */
  function loadedBy(entry: string): { readonly files: Set<string>; readonly packages: Set<string> } {
    const files = new Set([entry]);
    const packages = new Set<string>();
    for (const file of files) {
      for (const one of source.filter(({ from, typeOnly }) => from === file && !typeOnly)) {
        if (isRelative(one)) files.add(fileOf(one));
        else packages.add(one.to);
      }
    }
    return { files, packages };
  }
  const matching = (names: Set<string>, pattern: RegExp) => [...names].filter((name) => pattern.test(name));

  it('of the client reach nothing of the worker, whatever command is run', () => {
    const { packages } = loadedBy('src/client.ts');
    expect(packages).toContain('@temporalio/client');
    expect(matching(packages, /^@temporalio\/(worker|core-bridge|testing)/)).toEqual([]);
  });

  it('of the receiver reach nothing of Temporal: it goes on taking events while Temporal is away', () => {
    const { files, packages } = loadedBy('src/receiver.ts');
    expect(files).toContain('src/receiver/start.ts');
    expect(matching(packages, /temporal/)).toEqual([]);
    expect(matching(files, /^src\/(temporal|workflows|activities)\//)).toEqual([]);
  });

  it('let only the worker speak to Adobe', () => {
    expect(loadedBy('src/worker.ts').files).toContain('src/adobe/http/ims.ts');
    for (const entry of ['src/client.ts', 'src/receiver.ts', 'src/dev.ts']) {
      expect(matching(loadedBy(entry).files, /^src\/adobe\//), entry).toEqual([]);
    }
  });

  it('name the file as it is after the build', () => {
    const wrong = all.filter((one) => isRelative(one) && !/\.(js|json)$/.test(one.specifier));
    expect(wrong.map(readable)).toEqual([]);
  });
});

describe('the lint rule of workflow state', () => {
  const REFUSED = [
    'store.set(next(store.state, await read()));',
    'store.change({ counters: await read() });',
    'store.changeStep(step, { id: await read() });',
    'const { state } = store; await read(); store.set(next(state));',
    'const state = store.state; await read(); store.change({ ...state, phase });',
  ];
  const TAKEN = [
    'const report = await read(); store.set(next(store.state, report));',
    'store.change({ resources: { ...store.state.resources, [step]: made } });',
    "store.changeStep(step, { state: 'made' });",
  ];

  it('refuses a state that was read before an await and is written after it, and nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-lint-'));
    const plugins = [join(ROOT, 'scripts', 'state-at-once.grit')];
    writeFileSync(join(folder, 'biome.json'), JSON.stringify({ plugins, linter: { rules: { recommended: false } } }));
    const write = (statements: string, n: number) =>
      writeFileSync(join(folder, `${n}.ts`), `export async function write(store, read) { ${statements} }\n`);
    [...REFUSED, ...TAKEN].forEach(write);
    const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/biome'), ['lint', '--reporter=github', folder], {
      cwd: folder,
      encoding: 'utf8',
    });
    const found = [...stdout.matchAll(/file=(?:[^,]*\/)?(\d+)\.ts/g)].map((match) => Number(match[1]));
    expect(found.sort((a, b) => a - b)).toEqual([...REFUSED.keys()]);
  });
});

describe('variables of the environment', () => {
  it('are handed over by the entries, and named in configuration.ts', () => {
    const reading = filesOf('src').filter((file) =>
      readFileSync(join(ROOT, file), 'utf8')
        .split('\n')
        .some((line) => /process\.env\b|\benv\b.*\} = process\b/.test(line) && !/^\s*(\/?\*|\/\/)/.test(line)),
    );
    expect(reading.filter((file) => !/^src\/(client|dev|receiver|worker|configuration)\.ts$/.test(file))).toEqual([]);
  });
});

describe('SQL', () => {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
  const filesWith = (pattern: RegExp) =>
    files.filter((file) => pattern.test(readFileSync(join(ROOT, 'src', file), 'utf8')));
  /** Statements on our own tables; `adobe/lake` asks Query Service, whose tables are Adobe's. */
  const STATEMENT = /\bselect\s[^`']+?\sfrom\s+\w|\binsert into \w+ \(|\bupdate \w+ (\w+ )?set\s|\bdelete from \w+/i;

  it('stands in the store, and in the audit, which trusts nothing of it', () => {
    const withSql = filesWith(STATEMENT);
    const folders = new Set(withSql.map((file) => file.split('/')[0]));
    expect(folders).toContain('store');
    expect(withSql.filter((file) => !/^(store|audit|adobe\/lake)\//.test(file))).toEqual([]);
  });

  it('that writes exceptions is made in one file, of the table of their transitions', () => {
    const writes = /\b(insert\s+into|update(\s+only)?|delete\s+from|merge\s+into|truncate(\s+table)?)\s+"?exception\b/i;
    expect(filesWith(writes)).toEqual(['store/exceptions/writing.ts']);
  });
});

describe('the workflow bundle', () => {
  let modules: string[];

  beforeAll(async () => {
    const { code } = await bundleWorkflows();
    const sourceMap = Buffer.from(code.slice(code.lastIndexOf('base64,') + 'base64,'.length), 'base64').toString();
    modules = (JSON.parse(sourceMap) as { sources: string[] }).sources.map(moduleName);
  });

  it('is read the same wherever the project lies', () => {
    expect(moduleName(`webpack://${ROOT}src/domain/errors.ts`)).toBe('src/domain/errors.ts');
    expect(moduleName('webpack:///home/pg/undici/node_modules/ms/dist/index.js')).toBe('node_modules/ms/dist/index.js');
    expect(moduleName('webpack:///home/x/node_modules/a/node_modules/pg/index.js')).toBe('node_modules/pg/index.js');
  });

  it('holds of our own files workflows and domain only', () => {
    const own = modules.filter((path) => path.startsWith('src/'));
    expect(new Set(own.map((path) => path.split('/').slice(0, 2).join('/')))).toEqual(
      new Set(['src/workflows', 'src/domain']),
    );
  });

  it('holds no package beside Temporal’s own and what those need', () => {
    const packages = modules
      .filter((path) => !path.startsWith('src/'))
      .map((path) => path.replace(/^node_modules\//, ''))
      .map((path) => /^(@[^/]+\/[^/]+|[^/]+)/.exec(path)?.[0] ?? path);
    expect([...new Set(packages)].filter((name) => !BUNDLED.has(name))).toEqual([]);
  });

  it('holds no Node built-in, no database and no HTTP client', () => {
    expect(modules.filter((path) => /(^|\/)(node:|pg\/|undici\/|external )/.test(path))).toEqual([]);
  });
});

/** From the project's folder, or from the innermost `node_modules`: where those lie is nothing of what they hold. */
function moduleName(source: string): string {
  const path = source.replace(/^webpack:\/\//, '');
  const inner = path.lastIndexOf('node_modules/');
  if (inner >= 0) return path.slice(inner);
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

const BUNDLED = new Set(['@temporalio/common', '@temporalio/workflow', 'nexus-rpc', 'ms', 'long', 'webpack']);
