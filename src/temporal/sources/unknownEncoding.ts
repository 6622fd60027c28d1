/** Contents that a data converter of somebody else's has written: the SDK's default one, which is the only one here, does not read them. */
import { codedError, type CodedError } from '../../domain/errors.js';

/** As the SDK says it (`@temporalio/common`, payload-converter). */
const UNKNOWN_ENCODING = /Unknown encoding: (\S{1,60})/;

/** @param where in words that follow "of" @returns undefined for a message of something else */
export function unknownEncoding(message: string, where: string, cause?: unknown): CodedError | undefined {
  const encoding = UNKNOWN_ENCODING.exec(message)?.[1];
  if (encoding === undefined) return undefined;
  return codedError('CAEP_TEMPORAL_ENCODING_UNKNOWN', { where, encoding }, { cause });
}
