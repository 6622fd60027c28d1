import { randomUUID } from 'node:crypto';
import { CodedError, codedError } from '../../../domain/errors.js';
import { manifestDifferences } from '../../../domain/source/source.js';
import { canConfigure, manifestField } from '../../manifest/differences.js';
import { person } from '../../grammar/options.js';
import { reportEnding, withGate } from '../../following/ending.js';
import { follow } from '../../following/follow.js';
import { manifestOfEnded, noteWindows, readUsedManifest, type UsedManifest } from '../../manifest/manifestFile.js';
import { askForPlan, damageOf } from '../../manifest/planning.js';
import type { Command, Context } from '../../ports.js';
import type { SourceRun, Sources } from '../../../temporal/sources/port.js';
import { requireWorker } from '../../worker.js';
import type { CommandLine } from '../../grammar/commandLine.js';

export interface ProvisionArguments {
  readonly file: string;
  /** Whatever stands in our place is taken over. */
  readonly adopt?: boolean;
}

/** Starts the source workflow, or joins it when it runs already with this manifest, and follows it until it is live or held. */
export const provision: Command<ProvisionArguments> = async (context, { file, adopt = false }) => {
  const used = await readUsedManifest(context, file);
  const { manifest } = used;
  const sources = await context.sources();
  await requireWorker(sources);
  await startOrJoin(context, sources, used, adopt);
  const followed = await follow(context, sources, manifest.name, { until: ['live', 'held'] });
  return reportEnding(context, manifest.name, await withGate(context, sources, followed), 'live');
};

async function startOrJoin(context: Context, sources: Sources, used: UsedManifest, adopt: boolean): Promise<void> {
  const { name } = used.manifest;
  const last = await sources.describe(name);
  if (last?.open !== true) {
    const { manifest, stored } = await manifestOfEnded(sources, used);
    // The marker in Adobe's objects holds the uid: with the same one a new run finds what an earlier run made.
    const before = last ?? (stored && { uid: stored.uid, status: stored.retired ? 'torn down' : 'terminated' });
    const uid = before?.uid ?? randomUUID();
    const input = { v: 1, uid, manifest, ...(adopt ? { adopt } : {}), by: person() } as const;
    if ((await sources.start(input)) === 'started') {
      noteWindows(context);
      if (before !== undefined) {
        context.output.note(
          `${name} ran before (${before.status.toLowerCase()}). It starts again, using what still exists.`,
        );
      }
      return;
    }
  }
  await join(context, sources, used, { run: last, adopt });
}

async function join(
  context: Context,
  sources: Sources,
  used: UsedManifest,
  { run, adopt }: { readonly run: SourceRun | undefined; readonly adopt: boolean },
): Promise<void> {
  const { name } = used.manifest;
  const running = await sources.state(name);
  const manifest = used.fitting(running.manifest);
  const differences = manifestDifferences(running.manifest, manifest);
  if (differences.length === 0) {
    context.output.note(`${name} already runs with this manifest: following it.`);
    if (running.phase === 'held' && adopt) await sources.resume(name, { adopt, by: person() });
    if (running.phase !== 'live') return;
    const damage = damageOf(await askForPlan(sources, manifest, { run: run ?? running, running }));
    if (damage !== undefined) throw new CodedError(damage);
    return;
  }
  if (canConfigure(running, differences)) {
    const underway = await sources.configure(name, { delivery: manifest.delivery, by: person() });
    await underway.result();
    context.output.note(
      `${name} now delivers with the manifest's settings (${differences.map(manifestField).join(', ')}).`,
    );
    return;
  }
  if (running.phase === 'held') {
    context.output.note(
      `${name} is held: give it a corrected manifest with \`chatlio-aep resume ${name} --manifest FILE\`.`,
    );
  }
  throw codedError('CAEP_SOURCE_DIFFERS', { name, fields: differences.map(manifestField).join(', ') });
}

export const provisionCommand: CommandLine = {
  name: 'provision',
  description: 'create a source and follow it; Ctrl-C detaches, and it continues',
  examples: ['provision support-chat.yaml', 'provision support-chat.yaml --adopt'],
  grammar: (command, does) =>
    command
      .argument('<file>', 'manifest')
      .option('--adopt', "use existing objects of others where they have the source's names")
      .action((file: string, options: { adopt?: boolean }) => does(provision, { file, ...options })),
};
