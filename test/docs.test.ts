/** What the documents say is what the product does. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorsPage } from '../scripts/errorsPage.js';
import { fieldsPage } from '../scripts/fieldsPage.js';
import { createProgram } from '../src/cli/program.js';
import { environmentSchema } from '../src/configuration.js';
import { ERROR_CATALOGUE } from '../src/domain/errors.js';
import { faultRuleSchema } from '../simulator/faults/faultSchema.js';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

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
  const inDocs = readdirSync('docs', { recursive: true }).map((name) => `docs/${String(name)}`);
  const pages = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', ...inDocs];

  it.each(pages.filter((page) => page.endsWith('.md')))('%s links to files that there are', (page) => {
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
});

describe('the page of the configuration', () => {
  const named = new Set(
    [...read('docs/configuration.md').matchAll(/`([A-Z][A-Z_]+)(?==|`)/g)].map((match) => match[1] ?? ''),
  );
  const variables = Object.keys(environmentSchema.shape);

  it('has every variable that is read', () => {
    expect(variables.filter((name) => !named.has(name))).toEqual([]);
  });

  it('has no other, beside those of Temporal’s SDK and of terminals', () => {
    const others = [...named].filter((name) => !variables.includes(name) && !/^(TEMPORAL|CAEP)_|COLOR$/.test(name));
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

describe('commands in the documents', () => {
  it('are commands that there are', () => {
    const nothing = () => Promise.reject(new Error('not here'));
    const wiring = { version: '0', run: nothing };
    const commands = createProgram(wiring).commands.map((command) => command.name());
    const texts = [
      'README.md',
      ...readdirSync('docs')
        .filter((file) => file.endsWith('.md'))
        .map((file) => `docs/${file}`),
    ];
    const typed = texts.flatMap((file) =>
      [...read(file).matchAll(/(?:`|^)(?:npm run client --|chatlio-aep) ([a-z]+)/gm)].map((match) => match[1] ?? ''),
    );
    expect(typed.length).toBeGreaterThan(20);
    expect(typed.filter((name) => !commands.includes(name) && name !== 'update')).toEqual([]);
  });
});
