/** Contents that are too long for one answer: asked for in pieces until each is whole, and held one at a time. */
import { codedError } from '../../domain/errors.js';
import type { ContentPlace } from '../../domain/events/shownEvents.js';
import type { Sources } from '../../temporal/sources/port.js';
import type { Asker } from '../../temporal/sealedAnswer.js';
import { openContents } from '../../temporal/sealedContents.js';

/**
 * The content of each event, in their order; null for one that is not kept any more. Nothing is asked before the first is taken.
 *
 * @throws CodedError `CAEP_WORKER_TOO_OLD` from a worker that gives no pieces
 * @example
 * for await (const text of wholeContents(sources, asker, name, places)) process.stdout.write(text ?? '');
 */
export async function* wholeContents(
  sources: Pick<Sources, 'ask'>,
  asker: Asker,
  name: string,
  places: readonly ContentPlace[],
  signal?: AbortSignal,
): AsyncGenerator<string | null, void> {
  let left = places;
  let begun: Begun = { bytes: [], length: 0 };
  while (left.length > 0) {
    const question = { v: 1, ask: 'contents', name, events: left, offset: begun.length, sealTo: asker.sealTo } as const;
    const parts = openContents(asker, (await sources.ask(question, signal)).sealedContents);
    if (parts.length === 0) throw codedError('CAEP_NO_ANSWER', { reason: 'an answer without any content' });
    for (const { ofBytes, bytes } of parts) {
      if (ofBytes === null) {
        yield null;
      } else {
        begun = continued(begun, ofBytes, bytes);
        if (begun.length < ofBytes) continue;
        yield Buffer.concat(begun.bytes).toString('utf8');
      }
      begun = { bytes: [], length: 0 };
      left = left.slice(1);
    }
  }
}

interface Begun {
  readonly bytes: readonly Buffer[];
  readonly length: number;
  /** As its first part has told. */
  readonly ofBytes?: number;
}

function continued(begun: Begun, ofBytes: number, bytes: Buffer): Begun {
  const isOther = begun.ofBytes !== undefined && begun.ofBytes !== ofBytes;
  // A content never changes; two workers can differ in which keys they have.
  if (isOther || (bytes.length === 0 && ofBytes > begun.length)) {
    throw codedError('CAEP_NO_ANSWER', { reason: 'the content changed while it was read' });
  }
  return { bytes: [...begun.bytes, bytes], length: begun.length + bytes.length, ofBytes };
}
