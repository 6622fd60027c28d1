import { codedError, EXIT_CODES } from '../../../domain/errors.js';
import { orWhatBecameOf } from '../../following/ended.js';
import { awaitOrHeld } from '../../following/orHeld.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { person } from '../../grammar/options.js';
import { readUsedManifest, type UsedManifest } from '../../manifest/manifestFile.js';
import { replacementOf } from '../../manifest/replacement.js';
import { inputOfPlan, readPlan } from '../../manifest/savedPlan.js';
import type { Command, Context } from '../../ports.js';
import { askForUrls } from '../events/urls.js';
import type { SavedPlan } from '../../../domain/planning/savedPlan.js';
import type { Manifest } from '../../../domain/source/manifest.js';
import { routeChanges } from '../../../domain/source/updating/updatable.js';
import { type ChangedWebhooks, renderUpdated } from '../../render/source/update.js';
import { requireWorker } from '../../worker.js';

export interface UpdateArguments {
  /** Absent: the manifest of the plan. */
  readonly file?: string;
  /** New connections and a new flow, whatever the manifest says. */
  readonly replace?: boolean;
  /** The same, and a new dataset. */
  readonly newDataset?: boolean;
  /** Remove what was replaced at once. */
  readonly now?: boolean;
  /** Refused where the world is not as this plan has seen it. */
  readonly plan?: string;
}

/** Gives a live source another manifest: returns once events may be sent under it, or why it is held. */
export const update: Command<UpdateArguments> = async (context, { file, plan, replace, newDataset, now }) => {
  const saved = plan === undefined ? undefined : await readPlan(plan);
  const used = await usedManifest(context, file, saved);
  const { name } = used.manifest;
  const sources = await context.sources();
  await requireWorker(sources);
  const state = await orWhatBecameOf(sources, name, () => sources.state(name));
  const { manifest: running } = state;
  const manifest = used.fitting(running);
  const asked = replacementOf({ replace, newDataset });
  const planned = saved === undefined || plan === undefined ? {} : inputOfPlan(saved, plan, manifest, state);
  if (plan !== undefined && asked !== planned.replace && asked !== undefined) {
    throw codedError('CAEP_USAGE', {
      reason: `the plan ${plan} does not say to replace this: make another with \`plan --save\``,
    });
  }
  const input = {
    manifest,
    by: person(),
    ...(asked === undefined ? {} : { replace: asked }),
    ...(now === true ? { now } : {}),
    ...planned,
  };
  const underway = await orWhatBecameOf(sources, name, () => sources.update(name, input));
  const doing = `Updating ${name}: waiting for the events that are being sent, then for Adobe`;
  const done = await awaitOrHeld(context, sources, underway, { name, doing });
  if (done === undefined) return EXIT_CODES.interrupted;
  const webhooks = await changedWebhooks(context, running, manifest);
  const updated = { name, ...done, contents: manifest.contents, ...(webhooks === undefined ? {} : { webhooks }) };
  context.output.result(updated, () => renderUpdated(updated, context.now(), context.output.paint));
  return EXIT_CODES.done;
};

/** A plan holds the manifest that it was made for, as it is to be. */
async function usedManifest(
  context: Context,
  file: string | undefined,
  saved: SavedPlan | undefined,
): Promise<UsedManifest> {
  if (file !== undefined) return readUsedManifest(context, file);
  if (saved === undefined) {
    throw codedError('CAEP_USAGE', { reason: '`update` needs a manifest, or a plan of `plan --save` with --plan' });
  }
  return { manifest: saved.manifest, fitting: () => saved.manifest };
}

/** The new URLs are shown as `urls` shows them, and what is gone is named: Chatlio does not know. */
async function changedWebhooks(
  context: Context,
  before: Manifest,
  after: Manifest,
): Promise<ChangedWebhooks | undefined> {
  const { added, revoked } = routeChanges(before, after);
  if (added.length + revoked.length === 0) return undefined;
  const { webhooks } = added.length === 0 ? { webhooks: [] } : await askForUrls(context, after.name);
  const isNew = ({ widget, kind }: { readonly widget: string; readonly kind: string }) =>
    added.some((one) => one.widget === widget && one.kind === kind);
  return { added: webhooks.filter(isNew), revoked };
}

export const updateCommand: CommandLine = {
  name: 'update',
  description: 'change a live source: what it keeps, maps and sends, its widgets, and what its objects are called',
  examples: ['update support-chat.yaml', 'update support-chat.yaml --replace', 'update --plan change.plan.json'],
  grammar: (command, does) =>
    command
      .argument('[file]', 'manifest; not needed with --plan')
      .option('--replace', 'make new connections and a new flow, which Adobe does not change in place')
      .option('--new-dataset', 'the same, and a new dataset; the old one stays with its events')
      .option('--now', 'remove replaced flows and connections at once, not when their events are confirmed')
      .option('--plan <file>', 'carry out this plan of `plan --save`; refused when anything has changed since')
      .action((file: string | undefined, options: Omit<UpdateArguments, 'file'>) => does(update, { file, ...options })),
};
