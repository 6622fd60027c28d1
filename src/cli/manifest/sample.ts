/** A body for `plan --sample`: a kind, whose invented body the worker makes, or a file, which goes sealed to the worker. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { codedError } from '../../domain/errors.js';
import { isKind, type Kind } from '../../domain/events/kinds.js';
import type { Manifest } from '../../domain/source/manifest.js';
import { LONGEST_SAMPLE_BYTES, type SampleFor, type SampleReport } from '../../domain/planning/sample.js';
import type { SourceState } from '../../domain/source/source.js';
import { createAsker } from '../../temporal/sealedAnswer.js';
import type { Sources } from '../../temporal/sources/port.js';
import { accessKeyHere } from '../asker.js';
import type { Context } from '../ports.js';
import { sealToWorker } from '../sealToWorker.js';

export interface SampleChoice {
  /** A kind, a file, or `-` for stdin. */
  readonly sample: string;
  /** Of a file. Default: the first whose shape it has. */
  readonly kind?: Kind;
}

/** @throws CodedError `CAEP_USAGE` where the file cannot be used, never with a word of what was read */
export async function askForSample(
  context: Context,
  sources: Sources,
  { sample, kind }: SampleChoice,
  { manifest, running }: { readonly manifest: Manifest; readonly running?: SourceState },
): Promise<SampleReport> {
  const { name } = manifest;
  const ofKind = isKind(sample) ? sample : kind;
  const body = isKind(sample) ? undefined : await bodyOf(context, sample);
  const sent: SampleFor | undefined = body && { name, body: body.toString('base64') };
  const asker = createAsker(await accessKeyHere(context));
  const schemaId = running?.resources.schema?.id;
  const { sealed } = await sources.ask({
    v: 1,
    ask: 'sample',
    manifest: running === undefined ? manifest : { ...manifest, sandbox: running.manifest.sandbox },
    atMs: context.now(),
    sealTo: asker.sealTo,
    ...(running === undefined ? {} : { uid: running.uid }),
    ...(schemaId === undefined ? {} : { schemaId }),
    ...(ofKind === undefined ? {} : { kind: ofKind }),
    ...(sent === undefined ? {} : { sample: await sealToWorker(context, sources, sent) }),
  });
  return JSON.parse(asker.open(sealed)) as SampleReport;
}

async function bodyOf(context: Context, place: string): Promise<Buffer> {
  if (place === '-' && process.stdin.isTTY)
    context.output.note('Paste the body as Chatlio posts it, then press Ctrl-D.');
  const read = await (place === '-' ? buffer(process.stdin) : readFile(place)).catch(
    (failure: NodeJS.ErrnoException) => {
      const reason = `the sample ${place} is not a kind of event and cannot be read (${failure.code ?? 'unknown reason'})`;
      throw codedError('CAEP_USAGE', { reason });
    },
  );
  if (read.length <= LONGEST_SAMPLE_BYTES) return read;
  throw codedError('CAEP_USAGE', {
    reason: `a sample has at most ${LONGEST_SAMPLE_BYTES} bytes, this one ${read.length}`,
  });
}
