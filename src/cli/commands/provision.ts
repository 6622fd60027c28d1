import { randomUUID } from 'node:crypto';
import { CodedError, codedError } from '../../domain/errors.js';
import { manifestDifferences } from '../../domain/source.js';
import { canConfigure, manifestField } from '../differences.js';
import { person } from '../options.js';
import { reportEnding } from '../ending.js';
import { follow } from '../follow.js';
import { noteWindows, readUsedManifest, type UsedManifest } from '../manifestFile.js';
import { askForPlan, damageOf } from '../planning.js';
import type { Command, Context, SourceRun, Sources } from '../ports.js';
import { requireWorker } from '../worker.js';

/** Starts the source workflow, or joins it when it runs already with this manifest, and follows it until it is live or held. */
export const provision: Command<{ readonly file: string }> = async (context, { file }) => {
  const used = await readUsedManifest(context, file);
  const { manifest } = used;
  const sources = await context.sources();
  await requireWorker(sources);
  await startOrJoin(context, sources, used);
  const followed = await follow(context, sources, manifest.name, { until: ['live', 'held'] });
  return reportEnding(context, manifest.name, followed, 'live');
};

async function startOrJoin(context: Context, sources: Sources, used: UsedManifest): Promise<void> {
  const { manifest } = used;
  const last = await sources.describe(manifest.name);
  if (last?.open !== true) {
    // The marker in Adobe's objects holds the uid: with the same one a new run finds what an earlier run made.
    const before = last ?? (await rememberedByStore(sources, manifest.name));
    if ((await sources.start({ v: 1, uid: before?.uid ?? randomUUID(), manifest })) === 'started') {
      noteWindows(context);
      if (before !== undefined) {
        context.output.note(
          `${manifest.name} ran before (${before.status.toLowerCase()}). It starts again; what is still there is found by its marker.`,
        );
      }
      return;
    }
  }
  await join(context, sources, used, last);
}

/** Temporal forgets a run that has ended after a while; the store does not. */
async function rememberedByStore(
  sources: Sources,
  name: string,
): Promise<Pick<SourceRun, 'uid' | 'status'> | undefined> {
  const { source } = await sources.ask({ v: 1, ask: 'intake', name });
  return source === undefined ? undefined : { uid: source.uid, status: source.retired ? 'torn down' : 'terminated' };
}

async function join(context: Context, sources: Sources, used: UsedManifest, run: SourceRun | undefined): Promise<void> {
  const { name } = used.manifest;
  const running = await sources.state(name);
  const manifest = await used.fitting(() => Promise.resolve(running.manifest));
  const differences = manifestDifferences(running.manifest, manifest);
  if (differences.length === 0) {
    context.output.note(`${name} runs already with this manifest: joining it.`);
    if (running.phase !== 'live') return;
    const damage = damageOf(await askForPlan(sources, manifest, { run: run ?? running, running }));
    if (damage !== undefined) throw new CodedError(damage);
    return;
  }
  if (canConfigure(running, differences)) {
    const underway = await sources.configure(name, { delivery: manifest.delivery, by: person() });
    await underway.result();
    context.output.note(
      `${name} delivers by the manifest's settings from now on (${differences.map(manifestField).join(', ')}).`,
    );
    return;
  }
  if (running.phase === 'held') {
    context.output.note(
      `${name} is held: a corrected manifest goes in with \`chatlio-aep resume ${name} --manifest FILE\`.`,
    );
  }
  throw codedError('CAEP_SOURCE_DIFFERS', { name, fields: differences.map(manifestField).join(', ') });
}
