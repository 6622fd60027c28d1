/** What the documents say is what the product does. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorsPage } from '../scripts/errorsPage.js';
import { fieldsPage } from '../scripts/fieldsPage.js';
import { loadCommands } from '../src/cli/commands/index.js';
import { createProgram } from '../src/cli/program.js';
import { environmentSchema } from '../src/configuration.js';
import { SECRET_VARIABLES } from '../src/configuration/secretFiles.js';
import { ERROR_CATALOGUE } from '../src/domain/errors.js';
import type { RecordedInput } from '../src/domain/history.js';
import type { OperationKind } from '../src/domain/source/source.js';
import { faultRuleSchema } from '../simulator/faults/faultSchema.js';

const COMMANDS = await loadCommands();
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

function pagesBelow(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`);
}

describe('the page of error codes', () => {
  it('is made of the catalogue as it is (npm run errors)', () => {
    expect(read('docs/errors.md')).toBe(errorsPage());
    const headings = [...read('docs/errors.md').matchAll(/^## (\w+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual(Object.keys(ERROR_CATALOGUE).toSorted());
  });
});

describe('the page of fields', () => {
  it('is made of the tables as they are (npm run fields)', () => {
    expect(read('docs/fields.md')).toBe(fieldsPage());
  });
});

describe('every page', () => {
  const pages = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...pagesBelow('docs')];

  it.each(pages)('%s links to files that there are', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1] ?? '');
    const there = (link: string) => existsSync(new URL(link, new URL(`../${page}`, import.meta.url)));
    expect(links.filter((link) => !there(link))).toEqual([]);
  });
});

describe('the page of the architecture', () => {
  it('names files and folders that there are', () => {
    const page = read('ARCHITECTURE.md');
    const named = [...page.matchAll(/`([\w./-]+\/|[\w./-]+\.(?:ts|sql|grit|md))`/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(80);
    const folders = ['.', 'src', 'src/store/migrations', 'src/activities/drain', 'src/activities/drain/roles'];
    const there = (path: string) =>
      folders.some((folder) => existsSync(new URL(`../${folder}/${path}`, import.meta.url)));
    expect(named.filter((path) => !there(path))).toEqual([]);
  });

  it.each(['src', 'src/cli', 'src/store', 'src/activities', 'src/domain', 'chaos', 'bench'])(
    'has the folders of %s in its list',
    (folder) => {
      const page = read('ARCHITECTURE.md');
      const list = page.slice(page.indexOf('## 3.'), page.indexOf('## 4.'));
      const line = new RegExp(`^ *${folder.split('/').at(-1)}/ .*$`, 'm').exec(list)?.[0] ?? '';
      const named = folder === 'src' ? list : line;
      const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      expect(folders.map(({ name }) => name).filter((name) => !named.includes(`${name}/`))).toEqual([]);
    },
  );
});

describe('the page of the configuration', () => {
  const named = new Set(
    [...read('docs/configuration.md').matchAll(/`([A-Z][A-Z_]+|[a-z]+_proxy)(?==|`)/g)].map((match) => match[1] ?? ''),
  );
  const variables = Object.keys(environmentSchema.shape);

  it('has every variable that is read', () => {
    expect(variables.filter((name) => !named.has(name))).toEqual([]);
  });

  it('has no other, beside those of Temporal’s SDK and of terminals', () => {
    const known = new Set([...variables, ...[...SECRET_VARIABLES].map((name) => `${name}_FILE`)]);
    const others = [...named].filter((name) => !known.has(name) && !/^(TEMPORAL|CAEP)_|COLOR$/.test(name));
    expect(others).toEqual([]);
  });
});

describe('the page of the simulator', () => {
  const page = read('docs/simulator.md');

  it('places faults that can be placed', () => {
    const rules = [...page.matchAll(/faults -d '([^']+)'/g)].map((match) => JSON.parse(match[1] ?? '') as unknown);
    expect(rules.length).toBeGreaterThan(2);
    for (const rule of rules) expect(faultRuleSchema.safeParse(rule).error).toBeUndefined();
    const faults = [...page.matchAll(/^\| `(\{"kind".*?\})`/gm)].map((match) => JSON.parse(match[1] ?? '') as object);
    expect(faults.length).toBeGreaterThan(6);
    for (const fault of faults) expect(faultRuleSchema.safeParse({ match: {}, fault }).error).toBeUndefined();
  });

  it('names routes that there are', () => {
    const source = readdirSync(new URL('../simulator', import.meta.url), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => read(`simulator/${file}`))
      .join('\n');
    const routes = [...page.matchAll(/"route": "([\w.]+)"/g)].map((match) => match[1] ?? '');
    expect(routes.filter((route) => !source.includes(`'${route}'`) && !source.includes(`\`${route}$`))).toEqual([]);
  });
});

describe('the page of JSON output', () => {
  const page = read('docs/json-output.md');
  const history = page.slice(page.indexOf('### `history`'), page.indexOf('### `status`\n'));
  const inputs: Readonly<Record<keyof Required<RecordedInput>, true>> = {
    changed: true,
    adopt: true,
    disableFlow: true,
    discard: true,
    noWait: true,
    deleteData: true,
    includeAdopted: true,
    withoutReceivers: true,
    widget: true,
    kind: true,
    since: true,
    recreate: true,
    replace: true,
    now: true,
  };
  const operations: Readonly<Record<OperationKind, true>> = {
    provision: true,
    pause: true,
    unpause: true,
    configure: true,
    update: true,
    teardown: true,
    repair: true,
  };

  it.each([...Object.keys(inputs), ...Object.keys(operations)])('has `%s` of the history', (name) => {
    expect(history).toContain(`\`${name}\``);
  });
});

describe('commands in the documents', () => {
  const program = createProgram(COMMANDS, { version: '0', run: () => Promise.reject(new Error('not here')) });
  const isCommand = (word = '') => program.commands.some((command) => command.name() === word);
  const optionsOf = ({ options }: typeof program) => options.map(({ long }) => long);

  /** What of a line of words is no command, or no option of the command. */
  function unknownIn(line: string): readonly string[] {
    const words = line.replace(/^--output \w+ /, '').split(/\s+/);
    let command = program;
    for (let next; (next = command.commands.find((one) => one.name() === words[0])) !== undefined; words.shift()) {
      command = next;
    }
    if (command === program) return words.slice(0, 1);
    const known = [program, command].flatMap(optionsOf);
    return words.filter((word) => word.startsWith('--') && !known.includes(word));
  }

  const linesOf = (page: string): string[] => {
    const text = read(page);
    const called = text.matchAll(/(?:`|^)(?:npm run (?:--silent )?client --|chatlio-aep) ((?:--|[a-z])[^`#\n]*)/gm);
    const short = [...text.matchAll(/`([a-z]+ [^`\n]+)`/g)].filter(([, line]) => isCommand(line?.split(' ')[0]));
    const lines = [...called, ...short].map(([, line = '']) => line.trim());
    return lines.filter((line) => !/ json (COMMAND )?…$/.test(line));
  };

  it('are found', () => {
    expect(linesOf('README.md').length).toBeGreaterThan(10);
  });

  it.each(['README.md', ...pagesBelow('docs')])('%s: there are these, with these options', (page) => {
    expect(linesOf(page).flatMap(unknownIn)).toEqual([]);
  });
});
