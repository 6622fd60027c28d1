import { EXIT_CODES, type ExitCode } from '../../domain/errors.js';
import { noteWindows, readUsedManifest } from '../manifestFile.js';
import type { Command } from '../ports.js';
import { askForPlan, type Plan } from '../planning.js';
import { planDocument, renderPlan } from '../render/plan.js';
import { requireWorker } from '../worker.js';

/** What `provision` would create, adopt, change or leave, and every field's place in the schema. Changes nothing. */
export const plan: Command<{ readonly file: string }> = async (context, { file }) => {
  const used = await readUsedManifest(context, file);
  const { name } = used.manifest;
  const sources = await context.sources();
  await requireWorker(sources);
  const run = await sources.describe(name);
  const running = run?.open === true ? await sources.state(name) : undefined;
  const manifest = running === undefined ? used.manifest : await used.fitting(() => Promise.resolve(running.manifest));
  noteWindows(context);
  const planned = await askForPlan(sources, manifest, { run, running });
  context.output.result(planDocument(planned), () => renderPlan(planned, context.output.paint));
  return exitCodeOfPlan(planned);
};

export function exitCodeOfPlan({ steps, problems, differences }: Plan): ExitCode {
  if (problems.length > 0 || steps.some(({ action }) => action === 'blocked')) return EXIT_CODES.badConfiguration;
  if (differences !== undefined) return EXIT_CODES.changesPending;
  return steps.some(({ action }) => action !== 'keep') ? EXIT_CODES.changesPending : EXIT_CODES.done;
}
