/** The file of a plan: written by `plan FILE --save`, read by `update --plan`. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { codedError } from '../../domain/errors.js';
import type { Manifest } from '../../domain/source/manifest.js';
import { manifestDifferences, type SourceState } from '../../domain/source/source.js';
import { listOf, type PlanCheck, type SavedPlan } from '../../domain/planning/savedPlan.js';
import type { UpdateInput } from '../../domain/source/update.js';
import { writtenTo } from '../givenFile.js';
import { manifestField } from './differences.js';
import { obstaclesTo, type Plan, type PlanOf } from './planning.js';

/** @throws CodedError `CAEP_USAGE` where there is nothing that an update could go by */
export function savedPlanOf(
  { name, sandbox, steps, seen, ...plan }: Plan,
  {
    manifest,
    running,
    replace,
    now,
  }: { readonly manifest: Manifest; readonly now: number } & Pick<PlanOf, 'running' | 'replace'>,
): SavedPlan {
  if (running?.phase !== 'live' || seen === undefined) {
    throw codedError('CAEP_USAGE', {
      reason: `--save keeps a plan for \`update\`, which changes a live source, and ${name} is not live`,
    });
  }
  if (obstaclesTo({ name, sandbox, steps, ...plan }).length > 0) {
    throw codedError('CAEP_USAGE', { reason: 'a plan with problems cannot be carried out, so it is not saved' });
  }
  const content = {
    chatlioAep: 'plan',
    v: 1,
    name,
    sandbox,
    uid: running.uid,
    madeAt: new Date(now).toISOString(),
    running: running.manifest,
    manifest,
    ...(replace === undefined ? {} : { replace }),
    steps,
    seen,
  } as const;
  return { ...content, digest: digestOf(content) };
}

/** @throws CodedError `CAEP_FILE_NOT_WRITTEN` */
export async function writePlan(file: string, plan: SavedPlan): Promise<void> {
  await writtenTo(file, () => writeFile(file, `${JSON.stringify(plan, null, 2)}\n`, { mode: 0o600 }));
}

/** @throws CodedError `CAEP_PLAN_UNREADABLE` */
export async function readPlan(file: string): Promise<SavedPlan> {
  return parsed(await readFile(file, 'utf8').catch(unreadable(file)), file);
}

/**
 * What an update goes by, of a plan for just this manifest of just this source, which still runs as it did.
 *
 * @param file where the plan was read
 * @throws CodedError `CAEP_PLAN_OUTDATED`
 */
export function inputOfPlan(
  saved: SavedPlan,
  file: string,
  manifest: Manifest,
  running: SourceState,
): Pick<UpdateInput, 'plan' | 'replace'> {
  const { name } = manifest;
  const outdated = (moved: string) => codedError('CAEP_PLAN_OUTDATED', { name, file, moved });
  if (saved.name !== name) throw outdated(`it is a plan for ${saved.name}`);
  if (saved.uid !== running.uid) throw outdated('the source was made anew since');
  const other = listOf(manifestDifferences(saved.manifest, manifest).map(manifestField));
  if (other !== undefined) throw outdated(`the manifest says other things now of ${other}`);
  const moved = listOf(manifestDifferences(saved.running, running.manifest).map(manifestField));
  if (moved !== undefined) throw outdated(`the source has been given other ${moved} since`);
  const plan: PlanCheck = { v: 1, uid: saved.uid, running: saved.running, seen: saved.seen };
  return saved.replace === undefined ? { plan } : { plan, replace: saved.replace };
}

function unreadable(file: string) {
  return (failure: NodeJS.ErrnoException): never => {
    throw codedError('CAEP_PLAN_UNREADABLE', { file, reason: failure.code ?? 'it cannot be opened' });
  };
}

function parsed(text: string, file: string): SavedPlan {
  const { digest, ...content } = asPlan(text) ?? {};
  if (content.chatlioAep !== 'plan') throw codedError('CAEP_PLAN_UNREADABLE', { file, reason: 'it is not a plan' });
  if (content.v !== 1) throw codedError('CAEP_PLAN_UNREADABLE', { file, reason: 'a later release has written it' });
  if (digest !== digestOf(content)) {
    throw codedError('CAEP_PLAN_UNREADABLE', { file, reason: 'it was changed after it was written' });
  }
  return { ...content, digest } as SavedPlan;
}

function asPlan(text: string): Partial<SavedPlan> | undefined {
  try {
    return JSON.parse(text) as Partial<SavedPlan>;
  } catch {
    return undefined;
  }
}

function digestOf(content: object): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`;
}
