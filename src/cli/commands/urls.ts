import { EXIT_CODES } from '../../domain/errors.js';
import type { SourceUrls } from '../../domain/plan.js';
import { createAsker } from '../../temporal/sealedAnswer.js';
import type { Command, Sources } from '../ports.js';
import { renderUrls } from '../render/urls.js';
import { requireWorker } from '../worker.js';

/** The webhook URLs to paste into Chatlio, and where each goes. They hold secrets: printed on request, and nowhere else. */
export const urls: Command<{ readonly name: string }> = async (context, { name }) => {
  const found = await askForUrls(await context.sources(), name);
  context.output.result({ name, ...found }, () => renderUrls(name, found, context.output.paint));
  return EXIT_CODES.done;
};

export async function askForUrls(sources: Sources, name: string): Promise<SourceUrls> {
  await requireWorker(sources);
  const asker = createAsker();
  const { sealed } = await sources.ask({ v: 1, ask: 'urls', name, sealTo: asker.sealTo });
  return JSON.parse(asker.open(sealed)) as SourceUrls;
}
