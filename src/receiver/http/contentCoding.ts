/** Bodies that a sender, or a proxy before us, has compressed. */
import { promisify } from 'node:util';
import { gunzip, inflate, inflateRaw } from 'node:zlib';

export type Coding = 'identity' | 'gzip' | 'deflate';

/** For the answer to what is coded in another way. */
export const ACCEPTED_CODINGS = 'gzip, deflate';

const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ['', 'identity'],
  ['identity', 'identity'],
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
]);

/** @returns undefined for a coding, or a list of several, that is not read */
export function codingOf(header: string | undefined): Coding | undefined {
  return CODINGS.get((header ?? '').trim().toLowerCase());
}

type Decoder = (coded: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

/** By the standard `deflate` has a zlib header, and from some senders it has none. */
const DECODERS: Readonly<Record<Exclude<Coding, 'identity'>, readonly Decoder[]>> = {
  gzip: [promisify(gunzip)],
  deflate: [promisify(inflate), promisify(inflateRaw)],
};

export async function decode(
  coded: Buffer,
  coding: Exclude<Coding, 'identity'>,
  maxOutputLength: number,
): Promise<Buffer | 'too-large' | 'damaged'> {
  for (const decoder of DECODERS[coding]) {
    try {
      return await decoder(coded, { maxOutputLength });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return 'too-large';
    }
  }
  return 'damaged';
}
