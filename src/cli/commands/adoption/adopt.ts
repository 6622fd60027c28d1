import { randomUUID } from 'node:crypto';
import { codedError, EXIT_CODES, type ExitCode } from '../../../domain/errors.js';
import type { AdoptionReport } from '../../../domain/source/adoption/adoption.js';
import type { Manifest } from '../../../domain/source/manifest.js';
import { reportEnding, withGate } from '../../following/ending.js';
import { follow } from '../../following/follow.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { collect, person } from '../../grammar/options.js';
import { rowsForProof } from '../../../manifest/found/text.js';
import { manifestOfEnded, noteWindows, readUsedManifest } from '../../manifest/manifestFile.js';
import type { Command, Context } from '../../ports.js';
import { adoptionDocument, renderAdoption } from '../../render/adoption/adopt.js';
import type { Sources } from '../../../temporal/sources/port.js';
import { requireWorker } from '../../worker.js';
import { writeFound } from './writeFound.js';

export interface AdoptArguments {
  readonly file?: string;
  /** Id or name; without it, the flow into the dataset of the manifest. */
  readonly flow?: string;
  /** The person agrees that nothing can be proved. */
  readonly withoutProof?: boolean;
  /** No object gets our mark. */
  readonly unmarked?: boolean;
  /** Do not ask. */
  readonly yes?: boolean;
}

/** Takes over a source that somebody made by hand, once every object of it is what the manifest says. */
export const adopt: Command<AdoptArguments> = async (context, { file, ...args }) => {
  if (file === undefined) throw codedError('CAEP_USAGE', { reason: 'adopt needs a manifest, or --from-flow' });
  const used = await readUsedManifest(context, file);
  const { name } = used.manifest;
  const sources = await context.sources();
  await requireWorker(sources);
  const last = await sources.describe(name);
  if (last?.open === true) return joinAdopted(context, sources, name, args.flow);
  const { manifest, stored } = await manifestOfEnded(sources, used);
  const uid = last?.uid ?? stored?.uid ?? randomUUID();
  const { sandbox } = manifest;
  const report = await sources.ask({ v: 1, ask: 'adoption', sandbox, flow: args.flow, manifest, uid });
  context.output.note(renderAdoption(report, manifest, context.output.paint));
  if (report.misfits.length > 0) {
    context.output.result(adoptionDocument(report), () => context.output.paint.bad('Nothing was changed.'));
    return EXIT_CODES.badConfiguration;
  }
  requireProof(manifest, report, { ...args, file });
  if (!(await mayChangeMapping(context, report, args))) {
    context.output.note('Nothing was changed.');
    return EXIT_CODES.interrupted;
  }
  const adoption = {
    flowId: report.flow.id,
    ...(report.mapping.length === 0 ? {} : { changesMapping: true }),
    ...(args.unmarked === true ? { unmarked: true } : {}),
  };
  await sources.start({ v: 1, uid, manifest, adoption, by: person() });
  noteWindows(context);
  return followUntilLive(context, sources, name);
};

async function followUntilLive(context: Context, sources: Sources, name: string): Promise<ExitCode> {
  const followed = await follow(context, sources, name, { until: ['live', 'held'] });
  return reportEnding(context, name, await withGate(context, sources, followed), 'live');
}

/** @throws CodedError `CAEP_USAGE` where another source runs under the name */
async function joinAdopted(
  context: Context,
  sources: Sources,
  name: string,
  flow: string | undefined,
): Promise<ExitCode> {
  const { resources } = await sources.state(name);
  const own = resources.flow;
  if (own !== undefined && (own.origin !== 'adopted' || (flow !== undefined && flow !== own.id))) {
    const reason = `The source ${name} runs already, with the flow ${own.id}: give the manifest another \`name\``;
    throw codedError('CAEP_USAGE', { reason });
  }
  context.output.note(`${name} already runs: following it.`);
  return followUntilLive(context, sources, name);
}

/** @throws CodedError `CAEP_ADOPT_WITHOUT_PROOF`; `CAEP_USAGE` where there is proof to be had */
function requireProof(
  { proof, mapping }: Manifest,
  { flow }: AdoptionReport,
  { file, withoutProof = false }: AdoptArguments & { readonly file: string },
): void {
  if (proof === 'none' && !withoutProof) {
    throw codedError('CAEP_ADOPT_WITHOUT_PROOF', { flow: flow.id, file, rows: rowsForProof(mapping) });
  }
  if (proof === undefined && withoutProof) {
    const reason = `--without-proof: the rows of the mapping in ${file} do tell events apart. To keep rows that do not, write them there, with \`proof: none\``;
    throw codedError('CAEP_USAGE', { reason });
  }
}

async function mayChangeMapping(
  context: Context,
  { mapping, flow }: AdoptionReport,
  { yes }: AdoptArguments,
): Promise<boolean> {
  if (mapping.length === 0 || yes === true) return true;
  if (context.confirm === undefined) {
    throw codedError('CAEP_USAGE', {
      reason:
        'The mapping of somebody else is changed only if a person agrees, and here nobody can be asked: add --yes',
    });
  }
  return context.confirm(`Give the flow ${flow.id} this mapping?`);
}

interface AdoptOptions {
  readonly flow?: string;
  readonly fromFlow?: string;
  readonly write?: string;
  readonly sandbox: string;
  readonly name?: string;
  readonly widget: readonly string[];
  readonly force?: boolean;
  readonly withoutProof?: boolean;
  readonly mark: boolean;
  readonly yes?: boolean;
}

export const adoptCommand: CommandLine = {
  name: 'adopt',
  description: 'take over a source that was made by hand, or write the manifest of one',
  examples: [
    'adopt --from-flow d947e6a9-… --write chat.yaml',
    'adopt chat.yaml --flow d947e6a9-…',
    'adopt chat.yaml --without-proof',
  ],
  grammar: (command, does) =>
    command
      .argument('[file]', 'manifest')
      .option('--flow <id>', 'the flow to take over, by id or name; default: the one into the dataset of the manifest')
      .option(
        '--without-proof',
        'agree that nothing can be looked for in the lake, as the manifest says (`proof: none`)',
      )
      .option('--no-mark', 'leave the descriptions and tags of the objects as they are')
      .option('--yes', 'do not ask before the mapping of the flow is changed')
      .option(
        '--from-flow <id>',
        'read what the flow consists of, by its id or name, and write the manifest; changes nothing',
      )
      .option('--write <file>', 'with --from-flow: the file to write')
      .option('--sandbox <name>', 'with --from-flow: technical name of the sandbox', 'prod')
      .option('--name <name>', 'with --from-flow: name of the source; default: from the name of the flow')
      .option('--widget <key>', 'with --from-flow: a name of your own for a chat widget; may be repeated', collect, [])
      .option('--force', 'with --from-flow: overwrite the file')
      .action(
        (file: string | undefined, { fromFlow, write, flow, mark, withoutProof, yes, ...options }: AdoptOptions) => {
          if (fromFlow !== undefined) {
            return does(writeFound, { ...options, flow: fromFlow, file: write ?? file, widgets: options.widget });
          }
          return does(adopt, { file, flow, withoutProof, yes, ...(mark ? {} : { unmarked: true }) });
        },
      ),
};
