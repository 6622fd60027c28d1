import { setTimeout as sleep } from 'node:timers/promises';
import { type CodedError, codedError, EXIT_CODES, sentenceOf } from '../../../domain/errors.js';
import { orWhatBecameOf } from '../../following/ended.js';
import { awaitUnderway } from '../../following/underway.js';
import type { CommandLine } from '../../grammar/commandLine.js';
import { person } from '../../grammar/options.js';
import { readUsedManifest } from '../../manifest/manifestFile.js';
import type { Command, Context } from '../../ports.js';
import { askForUrls } from '../events/urls.js';
import type { Manifest } from '../../../domain/source/manifest.js';
import { routeChanges } from '../../../domain/source/updatable.js';
import { type ChangedWebhooks, renderUpdated } from '../../render/source/update.js';
import type { Sources } from '../../../temporal/sources/port.js';
import { requireWorker } from '../../worker.js';

/** Gives a live source another manifest: returns once events may be sent under it, or why it is held. */
export const update: Command<{ readonly file: string }> = async (context, { file }) => {
  const used = await readUsedManifest(context, file);
  const { name } = used.manifest;
  const sources = await context.sources();
  await requireWorker(sources);
  const { manifest: running } = await orWhatBecameOf(sources, name, () => sources.state(name));
  const manifest = used.fitting(running);
  const underway = await orWhatBecameOf(sources, name, () => sources.update(name, { manifest, by: person() }));
  const finished = new AbortController();
  const result = () => {
    const ended = underway.result();
    return Promise.race([ended, held(sources, name, finished.signal)]);
  };
  const doing = `Updating ${name}: waiting for the events that are being sent, then for Adobe`;
  try {
    const done = await awaitUnderway(context, { result }, { name, doing });
    if (done === undefined) return EXIT_CODES.interrupted;
    const webhooks = await changedWebhooks(context, running, manifest);
    const updated = { name, ...done, contents: manifest.contents, ...(webhooks === undefined ? {} : { webhooks }) };
    context.output.result(updated, () => renderUpdated(updated, context.now(), context.output.paint));
    return EXIT_CODES.done;
  } finally {
    finished.abort();
  }
};

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

const LOOK_EVERY_MS = 1_000;

/** An update that waits for a person does not end by itself. Never resolves. */
async function held(sources: Pick<Sources, 'state'>, name: string, finished: AbortSignal): Promise<never> {
  for (;;) {
    await sleep(LOOK_EVERY_MS, undefined, { signal: finished });
    const error = await holdOf(sources, name);
    if (error !== undefined) throw error;
  }
}

async function holdOf(sources: Pick<Sources, 'state'>, name: string): Promise<CodedError | undefined> {
  // Whether the operation goes on, its own answer tells.
  const hold = (await sources.state(name).catch(() => undefined))?.hold;
  if (hold === undefined) return undefined;
  const reason = sentenceOf(hold.error).replace(/\.$/, '');
  return codedError('CAEP_SOURCE_HELD', { name, step: hold.step, reason });
}

export const updateCommand: CommandLine = {
  name: 'update',
  description: 'change a live source: what it keeps, maps and sends, its widgets, and what its objects are called',
  examples: ['update support-chat.yaml'],
  grammar: (command, does) => command.argument('<file>', 'manifest').action((file: string) => does(update, { file })),
};
