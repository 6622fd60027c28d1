/** Imports point one way (ARCHITECTURE.md, "Rooms"), and nothing but what a workflow may use is in its bundle. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleWorkflows } from './support/workflowBundle.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What the files of a room may import, beside their own room. An entry is a room of one file. */
const SERVICES = ['adobe', 'chatlio', 'manifest', 'metrics', 'store', 'temporal'];
const FOUNDATION = ['configuration', 'domain', 'process'];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  configuration: ['domain'],
  process: ['domain'],
  stackEnvironment: ['configuration', 'process'],
  adobe: FOUNDATION,
  chatlio: FOUNDATION,
  manifest: FOUNDATION,
  metrics: FOUNDATION,
  store: FOUNDATION,
  temporal: FOUNDATION,
  workflows: ['domain'],
  // Reads what the delivering side did with nothing of its code.
  audit: ['domain'],
  activities: ['audit', ...SERVICES, ...FOUNDATION],
  receiver: [...SERVICES, ...FOUNDATION],
  dev: [...SERVICES, ...FOUNDATION, 'stackEnvironment'],
  // The demo starts the stack.
  cli: ['dev', ...SERVICES, ...FOUNDATION, 'stackEnvironment'],
  client: ['cli', ...SERVICES, ...FOUNDATION, 'stackEnvironment'],
  'dev entry': ['cli', 'dev', 'simulator', ...FOUNDATION],
  'receiver entry': ['cli', 'receiver', ...SERVICES, ...FOUNDATION],
  worker: ['cli', 'activities', ...SERVICES, ...FOUNDATION],
};

interface Import {
  readonly from: string;
  /** Path in the project for a relative import, else the package. */
  readonly to: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Static and dynamic imports and re-exports. The formatter keeps them in shapes that this reads. */
const IMPORT = /^(?:import|export)\s+(type\s)?[^'";]*?from\s*'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm;

function importsOf(folder: string): Import[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
  return files.flatMap((file) => {
    const from = join(folder, file);
    return [...readFileSync(join(ROOT, from), 'utf8').matchAll(IMPORT)].map((match) => {
      const specifier = match[2] ?? match[3] ?? match[4] ?? '';
      const to = specifier.startsWith('.') ? relative(ROOT, join(ROOT, dirname(from), specifier)) : specifier;
      return { from, to, specifier, typeOnly: match[1] !== undefined };
    });
  });
}

function roomOf(path: string): string {
  const [top = '', second = '', third] = path.split('/');
  if (top !== 'src') return top;
  if (third !== undefined) return second;
  const name = second.replace(/\.[jt]s$/, '');
  return name === 'dev' || name === 'receiver' ? `${name} entry` : name;
}

const isRelative = ({ specifier }: Import) => specifier.startsWith('.');
const readable = ({ from, to }: Import) => `${from} imports ${to}`;

describe('imports', () => {
  const source = importsOf('src');
  const simulator = importsOf('simulator');

  it('are read at all', () => {
    expect(source.length).toBeGreaterThan(300);
    expect(source.map(readable)).toContain('src/store/embedded.ts imports src/process/end.js');
  });

  it('point one way, from the entries to the domain', () => {
    const wrong = source.filter(isRelative).filter((one) => {
      const [from, to] = [roomOf(one.from), roomOf(one.to)];
      if (from === to) return false;
      if (from === 'workflows' && to === 'activities') return !one.typeOnly;
      return MAY_IMPORT[from]?.includes(to) !== true;
    });
    expect(wrong.map(readable)).toEqual([]);
  });

  it('bring into workflows nothing but Temporal’s workflow packages, and into the domain nothing at all', () => {
    const packages = (room: string) =>
      source.filter((one) => !isRelative(one) && roomOf(one.from) === room).map(({ to }) => to);
    expect(new Set(packages('workflows'))).toEqual(new Set(['@temporalio/common', '@temporalio/workflow']));
    expect(packages('domain')).toEqual([]);
  });

  it('of the simulator keep away from the client it is there to test', () => {
    const allowed = /^simulator\/|^src\/(store\/embedded\.js|process\/|domain\/(errors|printable)\.js)/;
    expect(simulator.filter((one) => isRelative(one) && !allowed.test(one.to)).map(readable)).toEqual([]);
  });

  it('of the client reach nothing of the worker, whatever command is run', () => {
    const reached = new Set(['src/client.ts']);
    for (const file of reached) {
      const files = source.filter((one) => one.from === file && isRelative(one) && !one.typeOnly);
      for (const { to } of files) reached.add(to.replace(/\.js$/, '.ts'));
    }
    const packages = source.filter(({ from, typeOnly }) => reached.has(from) && !typeOnly).map(({ to }) => to);
    expect(packages).toContain('@temporalio/client');
    expect(packages.filter((name) => /^@temporalio\/(worker|core-bridge|testing)/.test(name))).toEqual([]);
  });

  it('name the file as it is after the build', () => {
    const wrong = [...source, ...simulator].filter((one) => isRelative(one) && !/\.(js|json)$/.test(one.specifier));
    expect(wrong.map(readable)).toEqual([]);
  });
});

describe('the workflow bundle', () => {
  let modules: string[];

  beforeAll(async () => {
    const { code } = await bundleWorkflows();
    const sourceMap = Buffer.from(code.slice(code.lastIndexOf('base64,') + 'base64,'.length), 'base64').toString();
    modules = (JSON.parse(sourceMap) as { sources: string[] }).sources.map((path) => path.replace(/^webpack:\/\//, ''));
  });

  it('holds of our own files workflows and domain only', () => {
    const own = modules.filter((path) => path.startsWith(ROOT) && !path.includes('/node_modules/'));
    const rooms = new Set(own.map((path) => path.slice(ROOT.length).split('/').slice(0, 2).join('/')));
    expect(rooms).toEqual(new Set(['src/workflows', 'src/domain']));
  });

  it('holds no package beside Temporal’s own and what those need', () => {
    const packages = modules
      .flatMap((path) => path.split('node_modules/').slice(1).at(-1) ?? (path.startsWith(ROOT) ? [] : [path]))
      .map((path) => /^(@[^/]+\/[^/]+|[^/]+)/.exec(path)?.[0] ?? path);
    expect([...new Set(packages)].filter((name) => !BUNDLED.has(name))).toEqual([]);
  });

  it('holds no Node built-in, no database and no HTTP client', () => {
    expect(modules.filter((path) => /(^|\/)(node:|pg\/|undici\/|external )/.test(path))).toEqual([]);
  });
});

const BUNDLED = new Set(['@temporalio/common', '@temporalio/workflow', 'nexus-rpc', 'ms', 'long', 'webpack']);
