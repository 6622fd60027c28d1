import { writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codedError, EXIT_CODES } from '../../domain/errors.js';
import { parseManifest, readManifest } from '../../manifest/read.js';
import { manifestTemplate } from '../../manifest/template.js';
import type { Command } from '../ports.js';

export interface InitArguments {
  readonly file?: string;
  readonly name?: string;
  readonly sandbox?: string;
  readonly widgets: readonly string[];
  readonly force?: boolean;
}

export interface Answers {
  readonly name: string;
  readonly sandbox: string;
  readonly widgets: readonly string[];
}

/** Asks a person; only where there is a terminal. Undefined: the person left. */
export type Interview = (known: Partial<Answers>) => Promise<Answers | undefined>;

/** Writes a manifest, from options or from what a person answers. Never overwrites without `--force`. */
export function createInit(interview: Interview | undefined): Command<InitArguments> {
  return async ({ output }, { file, name, sandbox, widgets, force }) => {
    const given = { name, sandbox, widgets: widgets.length === 0 ? undefined : widgets };
    const answers = complete(given) ?? (await ask(interview, given));
    if (answers === undefined) return EXIT_CODES.interrupted;
    requireFit(answers);
    const target = file ?? `${answers.name}.yaml`;
    const text = manifestTemplate({ ...answers, file: target, schema: schemaFrom(target) });
    readManifest(text, target);
    await write(target, text, force === true);
    output.result({ file: target, ...answers }, () =>
      [`${output.paint.good('✔')} Wrote ${output.paint.strong(target)}`, '', `  chatlio-aep plan ${target}`].join('\n'),
    );
    return EXIT_CODES.done;
  };
}

/** What of the manifest's own rules an answer breaks. */
export function faultOf(field: 'name' | 'sandbox' | 'widget', value: string): string | undefined {
  const parsed = parseManifest({
    version: 1,
    name: field === 'name' ? value : 'any',
    sandbox: field === 'sandbox' ? value : 'any',
    chatlio: { widgets: [{ key: field === 'widget' ? value : 'any' }] },
  });
  return parsed.ok ? undefined : `Expected ${parsed.problems[0]?.expected ?? 'something else'}`;
}

/** Told by the option's name: there is no file yet whose lines could be named. */
function requireFit({ name, sandbox, widgets }: Answers): void {
  const given = [
    ['name', name],
    ['sandbox', sandbox],
    ...widgets.map((widget) => ['widget', widget] as const),
  ] as const;
  for (const [field, value] of given) {
    const fault = faultOf(field, value);
    if (fault !== undefined)
      throw codedError('CAEP_USAGE', { reason: `--${field} ${JSON.stringify(value)}: ${fault}` });
  }
}

function complete({ name, sandbox, widgets }: Partial<Answers>): Answers | undefined {
  return name === undefined || sandbox === undefined || widgets === undefined ? undefined : { name, sandbox, widgets };
}

async function ask(interview: Interview | undefined, given: Partial<Answers>): Promise<Answers | undefined> {
  if (interview !== undefined) return interview(given);
  throw codedError('CAEP_USAGE', {
    reason: 'Without a terminal nothing can be asked: give --name, --sandbox and --widget',
  });
}

async function write(file: string, text: string, force: boolean): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason =
      code === 'EEXIST' ? `${file} is there already; --force overwrites it` : `${file} cannot be written: ${message}`;
    throw codedError('CAEP_USAGE', { reason }, { cause });
  }
}

/** The package's own copy of the JSON Schema, seen from the manifest's folder: from `src/` and from `dist/src/`. */
function schemaFrom(file: string): string {
  const here = fileURLToPath(import.meta.url);
  const up = here.endsWith('.ts') ? '../../../' : '../../../../';
  const schema = resolve(dirname(here), up, 'schema/manifest.schema.json');
  const path = relative(dirname(resolve(file)), schema).replaceAll('\\', '/');
  return path.startsWith('.') ? path : `./${path}`;
}
