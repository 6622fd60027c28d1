import { codedError, EXIT_CODES } from '../../../domain/errors.js';
import { parseManifest, readManifest } from '../../../manifest/read.js';
import { manifestTemplate } from '../../../manifest/template.js';
import { schemaFrom, writeNewFile } from '../../manifest/newFile.js';
import type { Answers, Command, Interview } from '../../ports.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { collect } from '../../grammar/options.js';

export interface InitArguments {
  readonly file?: string;
  readonly name?: string;
  readonly sandbox?: string;
  readonly widgets: readonly string[];
  readonly force?: boolean;
}

/** Writes a manifest, from options or from what a person answers. Never overwrites without `--force`. */
export const init: Command<InitArguments> = async ({ output, interview }, { file, name, sandbox, widgets, force }) => {
  const given = { name, sandbox, widgets: widgets.length === 0 ? undefined : widgets };
  const answers = complete(given) ?? (await ask(interview, given));
  if (answers === undefined) return EXIT_CODES.interrupted;
  requireFit(answers);
  const target = file ?? `${answers.name}.yaml`;
  const text = manifestTemplate({ ...answers, file: target, schema: schemaFrom(target) });
  readManifest(text, target);
  await writeNewFile(target, text, force === true);
  output.result({ file: target, ...answers }, () =>
    [`${output.paint.good('✔')} Wrote ${output.paint.strong(target)}`, '', `  chatlio-aep plan ${target}`].join('\n'),
  );
  return EXIT_CODES.done;
};

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
    reason: 'There is no terminal for questions: give --name, --sandbox and --widget',
  });
}

export const initCommand: CommandLine = {
  name: 'init',
  description: 'write a manifest',
  examples: ['init', 'init chat.yaml --name support-chat --sandbox prod --widget main-site'],
  grammar: (command, does) =>
    command
      .argument('[file]', 'default: NAME.yaml')
      .option('--name <name>', 'name of the source')
      .option('--sandbox <name>', 'technical name of the Adobe sandbox')
      .option('--widget <key>', 'a name of your own for a chat widget; may be repeated', collect, [])
      .option('--force', 'overwrite the file')
      .action(
        (file: string | undefined, options: { name?: string; sandbox?: string; widget: string[]; force?: boolean }) =>
          does(init, { ...options, file, widgets: options.widget }),
      ),
};
