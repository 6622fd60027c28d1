import { CodedError, codedError, EXIT_CODES, type Problem } from '../../../domain/errors.js';
import { foundManifestText, hasProof } from '../../../manifest/found/text.js';
import { readManifest } from '../../../manifest/read.js';
import { schemaFrom, writeNewFile } from '../../manifest/newFile.js';
import type { Command } from '../../ports.js';
import { renderWritten } from '../../render/adoption/adopt.js';
import { requireWorker } from '../../worker.js';

export interface WriteFoundArguments {
  /** Id or name. */
  readonly flow: string;
  readonly file?: string;
  readonly sandbox: string;
  /** Of the source. */
  readonly name?: string;
  readonly widgets: readonly string[];
  readonly force?: boolean;
}

/** A name that Chatlio's widgets do not tell. */
const ONE_WIDGET = ['main-site'];

/** Writes the manifest from which a plan of what exists is empty. Changes nothing at Adobe. */
export const writeFound: Command<WriteFoundArguments> = async (context, { flow, file, sandbox, force, ...args }) => {
  if (file === undefined) throw codedError('CAEP_USAGE', { reason: '--from-flow needs --write FILE' });
  const sources = await context.sources();
  await requireWorker(sources);
  const { found, flow: there } = await sources.ask({ v: 1, ask: 'adoption', sandbox, flow });
  const name = args.name ?? nameFrom(there.name);
  const widgets = args.widgets.length === 0 ? ONE_WIDGET : args.widgets;
  const facts = { name, sandbox, widgets, flowId: there.id, schema: schemaFrom(file), file };
  const text = foundManifestText(found, facts);
  const problems = problemsIn(text, file);
  await writeNewFile(file, text, force === true);
  const written = { file, name, sandbox, flow: there.id, proof: hasProof(found), unsaid: found.unsaid, problems };
  context.output.result(written, () => renderWritten(written, context.output.paint));
  return problems.length === 0 ? EXIT_CODES.done : EXIT_CODES.badConfiguration;
};

/** What a person has to correct before it can be used: an expression that this release cannot read, for example. */
function problemsIn(text: string, file: string): readonly Problem[] {
  try {
    readManifest(text, file);
    return [];
  } catch (error) {
    if (error instanceof CodedError)
      return error.error.problems ?? [{ path: file, expected: 'a manifest', got: error.message }];
    throw error;
  }
}

const LONGEST_NAME = 40;

function nameFrom(flow: string): string {
  const slug = flow
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_NAME)
    .replaceAll(/^-+|-+$/g, '');
  return slug === '' ? 'chatlio' : slug;
}
