/**
 * Our mark in what we have adopted, where it has no effect on what is sent: the dataset's tags, and the descriptions of the connections.
 *
 * A flow that is changed may lose events for five minutes, a schema or field group is read again for fifteen, and a mapping set gets
 * another version: these are not marked.
 */
import type { AdobeClients } from '../../../adobe/clients.js';
import { AdobeCallError } from '../../../adobe/http/errors.js';
import { adoptionText, type Marker, type Resource, type StepName } from '../../../domain/source/steps.js';
import { changeInPlace, namesPatch } from '../inPlace.js';
import { ADOPTION_TAG } from '../table/dataset.js';

const MARKED: readonly StepName[] = ['dataset', 'source-connection', 'target-connection'];

export function isMarkedWhenAdopted(step: StepName): boolean {
  return MARKED.includes(step);
}

/** @returns whether it has the mark now: Adobe may refuse it, and nothing depends on it */
export async function mark(adobe: AdobeClients, marker: Marker, { kind, id }: Resource): Promise<boolean> {
  if (!isMarkedWhenAdopted(kind)) return false;
  return orRefused(async () => {
    if (kind === 'dataset') await tag(adobe, marker, id);
    else await describe(adobe, { kind, id }, (text) => `${withoutMark(text)} [${adoptionText(marker)}]`.trim());
  });
}

/** The dataset keeps its tag, by which an audit finds it. */
export async function unmark(adobe: AdobeClients, { kind, id, marked }: Resource): Promise<void> {
  if (marked !== true || kind === 'dataset') return;
  await orRefused(() => describe(adobe, { kind, id }, withoutMark));
}

function withoutMark(text: string): string {
  return text.replace(/\s*\[chatlio-aep-adopted:[^\]]*\]/g, '');
}

async function describe(
  { flowService }: AdobeClients,
  { kind, id }: Pick<Resource, 'kind' | 'id'>,
  change: (text: string) => string,
): Promise<void> {
  const [get, patch] =
    kind === 'source-connection'
      ? [flowService.getSourceConnection, flowService.patchSourceConnection]
      : [flowService.getTargetConnection, flowService.patchTargetConnection];
  await changeInPlace({
    read: () => get(id),
    operationsFor: (found) => namesPatch(found, { description: change(found.description ?? '') }),
    patch: ({ etag = '' }, operations) => patch(id, etag, operations),
    gone: { name: '', resources: id },
  });
}

/** Tags that are not named stay. */
async function tag({ catalog }: AdobeClients, { uid, name }: Marker, id: string): Promise<void> {
  const value = [uid, name];
  await changeInPlace({
    read: () => catalog.getDataset(id),
    operationsFor: ({ tags }) => {
      if (tags[ADOPTION_TAG]?.join() === value.join()) return [];
      const isFirst = Object.keys(tags).length === 0;
      return [
        isFirst
          ? { op: 'add', path: '/tags', value: { [ADOPTION_TAG]: value } }
          : { op: 'add', path: `/tags/${ADOPTION_TAG}`, value },
      ];
    },
    patch: ({ etag }, operations) => catalog.patchDataset(id, etag, operations),
    gone: { name: '', resources: id },
  });
}

async function orRefused(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    if (error instanceof AdobeCallError && error.kind === 'refused') return false;
    throw error;
  }
}
