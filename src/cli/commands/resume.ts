import { readManifestFile } from '../../manifest/read.js';
import { reportEnding } from '../ending.js';
import { follow } from '../follow.js';
import type { Command } from '../ports.js';
import { requireWorker } from '../worker.js';

export interface ResumeArguments {
  readonly name: string;
  /** File of a corrected manifest. */
  readonly manifest?: string;
  readonly adopt?: boolean;
  readonly by: string;
}

/** Tries the held step again, and follows the source from there. */
export const resume: Command<ResumeArguments> = async (context, { name, manifest: file, adopt, by }) => {
  const manifest = file === undefined ? undefined : await readManifestFile(file);
  const sources = await context.sources();
  await requireWorker(sources);
  await sources.resume(name, { manifest, adopt, by });
  const followed = await follow(context, sources, name, { until: ['live', 'held'] });
  return reportEnding(context, name, followed, 'live');
};
