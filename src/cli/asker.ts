/** This machine's part in reading what crosses Temporal sealed. */
import { CodedError, codedError } from '../domain/errors.js';
import { accessKeyOf, readKeyFile } from '../store/keys/keyFile.js';
import { type Asker, createAsker } from '../temporal/sealedAnswer.js';
import type { Context } from './ports.js';

/** Before anything is asked: without the key the answer could not be opened. @throws CodedError `CAEP_ACCESS_KEY_MISSING` */
export async function askerOf(context: Pick<Context, 'configuration'>): Promise<Asker> {
  return createAsker(await accessKeyHere(context));
}

/** @throws CodedError as above */
export async function accessKeyHere(context: Pick<Context, 'configuration'>): Promise<Buffer> {
  const { accessKey, keyFile: file } = context.configuration();
  if (accessKey !== undefined) return accessKey;
  try {
    return accessKeyOf(await readKeyFile(file));
  } catch (error) {
    if (error instanceof CodedError && error.error.code === 'CAEP_KEY_FILE_MISSING') {
      throw codedError('CAEP_ACCESS_KEY_MISSING', { file });
    }
    throw error;
  }
}
