/** Every example of a docstring compiles against the code as it is, and one that asserts something is run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { filesOf, ROOT } from './support/imports.js';

interface Example {
  readonly file: string;
  readonly code: string;
  /** What the file exports and the example uses. */
  readonly uses: readonly string[];
}

const EXAMPLE = /^ \* @example\n((?: \*(?: .*)?\n)+?) \*\/$|^ \* @example\n((?: \* .*\n)+)/gm;
const EXPORTED = /^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm;

function examplesIn(file: string): Example[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const exported = [...text.matchAll(EXPORTED)].map((match) => match[1] ?? '');
  return [...text.matchAll(EXAMPLE)].map((match) => {
    const code = (match[1] ?? match[2] ?? '').replaceAll(/^ \* ?/gm, '');
    return { file, code, uses: exported.filter((name) => new RegExp(`\\b${name}\\b`).test(code)) };
  });
}

const examples = filesOf('src').flatMap(examplesIn);

/** What examples take for granted. */
const GIVEN: Readonly<Record<string, string>> = {
  adobe: `import('ROOT/src/adobe/clients.js').AdobeClients`,
  asker: `import('ROOT/src/temporal/sealedAnswer.js').Asker`,
  client: `import('pg').PoolClient`,
  configuration: `import('ROOT/src/configuration.js').AdobeConfiguration`,
  context: `import('ROOT/src/activities/steps/step.js').StepContext`,
  database: `import('ROOT/src/store/connection/database.js').Database`,
  event: `import('ROOT/src/store/log/takenEvent.js').TakenEvent`,
  facts: `import('ROOT/src/domain/projection/original.js').OriginalFacts`,
  folder: 'string',
  inlet: `import('ROOT/src/adobe/services/inlet.js').Inlet`,
  name: 'string',
  original: 'Buffer',
  places: `readonly import('ROOT/src/domain/events/shownEvents.js').ContentPlace[]`,
  projection: `import('ROOT/src/domain/projection/projection.js').Projection`,
  id: 'number',
  log: `import('pino').Logger`,
  readFileSync: `typeof import('node:fs').readFileSync`,
  response: `import('node:http').ServerResponse`,
  sourceId: 'number',
  sources: `import('ROOT/src/temporal/sources/port.js').Sources`,
  step: `import('ROOT/src/activities/steps/step.js').Step`,
  watch: `import('ROOT/src/cli/ports.js').Command<{ readonly name: string }>`,
};

function moduleOf({ file, code, uses }: Example): string {
  const declared = (name: string) => new RegExp(`(const|let) (\\{[^}]*)?\\b${name}\\b`).test(code);
  return [
    `import assert from 'node:assert/strict';`,
    `import { ${uses.join(', ')} } from '${ROOT}${file.replace(/\.ts$/, '.js')}';`,
    'export {};',
    ...Object.entries(GIVEN).flatMap(([name, type]) =>
      declared(name) || uses.includes(name) ? [] : [`declare const ${name}: ${type.replace('ROOT/', ROOT)};`],
    ),
    code,
  ].join('\n');
}

describe('examples in docstrings', () => {
  it('are there for what other rooms call most', () => {
    const files = new Set(examples.map(({ file }) => file));
    for (const file of [
      'src/adobe/clients.ts',
      ...['catalog', 'dataPrep', 'flowService', 'inlet', 'schemaRegistry'].map(
        (name) => `src/adobe/services/${name}.ts`,
      ),
      'src/activities/steps/perform.ts',
      'src/audit/audit.ts',
      'src/domain/delivery/cursor.ts',
      ...['lock', 'wholeFile'].map((name) => `src/process/files/${name}.ts`),
      'src/store/exceptions/writing.ts',
      'src/store/log/eventLog.ts',
      'src/temporal/sources/port.ts',
    ]) {
      expect(files).toContain(file);
    }
  });

  it('compile', { timeout: 120_000 }, () => {
    const folder = join(ROOT, 'node_modules', '.cache', 'examples');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const files = examples.map((example, n) => {
      const name = `${n}-${example.file.replaceAll(/\W/g, '_')}.ts`;
      writeFileSync(join(folder, name), moduleOf(example));
      return name;
    });
    const compilerOptions = { verbatimModuleSyntax: false, isolatedModules: false };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, files, include: [] }),
    );
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const { status, stdout } = spawnSync(tsc, ['--noEmit', '-p', folder], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  const asserting = examples.filter(({ code }) => code.includes('assert.'));

  it.each(asserting)('of $file does what it says', async ({ file, code, uses }) => {
    const module = (await import(join(ROOT, file))) as Readonly<Record<string, unknown>>;
    const folder = mkdtempSync(join(tmpdir(), 'chatlio-aep-example-'));
    const given = { assert, folder, readFileSync, ...Object.fromEntries(uses.map((name) => [name, module[name]])) };
    try {
      const run = compileFunction(code, Object.keys(given)) as (...values: unknown[]) => void;
      expect(() => run(...Object.values(given))).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
