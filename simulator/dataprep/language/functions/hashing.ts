import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { textOf, TransformFailure, type Value } from '../values.js';
import { type DataPrepFunction, type FunctionTable, ofText } from './definition.js';

/** Charsets by their Java names. */
const ENCODINGS: Readonly<Record<string, BufferEncoding>> = {
  'utf-8': 'utf8',
  utf8: 'utf8',
  'us-ascii': 'ascii',
  'iso-8859-1': 'latin1',
  'utf-16le': 'utf16le',
};

function bytesOf(text: string, charset: Value = 'UTF-8'): Buffer {
  const encoding = ENCODINGS[textOf(charset).toLowerCase()];
  if (encoding === undefined) throw new TransformFailure('The charset is not supported');
  return Buffer.from(text, encoding);
}

function hash(algorithm: string): DataPrepFunction {
  return ofText(
    { min: 1, max: 2 },
    (text, [charset]) => createHash(algorithm).update(bytesOf(text, charset)).digest('hex'),
    textOf,
  );
}

/** "Hashing functions": lower case hexadecimal of the text in a charset (UTF-8 unless given). */
export const HASHING_FUNCTIONS: FunctionTable = {
  sha1: hash('sha1'),
  sha256: hash('sha256'),
  sha512: hash('sha512'),
  md5: hash('md5'),
  crc32: ofText(
    { min: 1, max: 2 },
    (text, [charset]) => crc32(bytesOf(text, charset)).toString(16).padStart(8, '0'),
    textOf,
  ),
};
