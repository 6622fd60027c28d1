/**
 * Secrets on their way from the worker to a terminal, which pass through Temporal's history: sealed to a key that only the
 * asking process has and that ends with it, and to the installation's access key. Whoever can start workflows can ask, and whoever
 * can complete them can answer: without the access key the one cannot open what he gets, and the other's answer does not open.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { codedError } from '../domain/errors.js';

const CIPHER = 'aes-256-gcm';
/** Each seal has a key of its own, so one fixed nonce is used once per key. */
const NONCE = Buffer.alloc(12);
const TAG_BYTES = 16;
/** Of what is sealed into one answer. In base64 it grows by a third: below the 2 MB above which Temporal refuses an answer. */
export const MAX_SEALED_BYTES = 1_200_000;
/** An X25519 public key in SPKI form. */
const KEY_BYTES = 44;

export interface Asker {
  /** Goes into the question: X25519, SPKI, base64. */
  readonly sealTo: string;
  /**
   * Opens the answer.
   *
   * @throws CodedError `CAEP_ANSWER_NOT_AUTHENTIC` when it is not from this installation to this asker, or changed on the way
   */
  open(sealed: string): string;
  /** The same of an answer that is no text. */
  openBytes(sealed: string): Buffer;
}

/** @param accessKey of the installation: `KeyRing.accessKey`, or what `keys access` has printed */
export function createAsker(accessKey: Buffer): Asker {
  return askerOf(accessKey, generateKeyPairSync('x25519').privateKey);
}

/**
 * The other direction: whom a client seals something to. The private half leaves the process that has made it, so it must be sealed
 * itself.
 */
export function createRecipientKey(): { readonly sealTo: string; readonly privateKey: Buffer } {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return {
    sealTo: encoded(publicKey).toString('base64'),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }),
  };
}

/** @throws CodedError as {@link Asker.open} does */
export function openSealed(accessKey: Buffer, privateKey: Buffer, sealed: string): string {
  return askerOf(accessKey, createPrivateKey({ key: privateKey, type: 'pkcs8', format: 'der' })).open(sealed);
}

function askerOf(accessKey: Buffer, privateKey: KeyObject): Asker {
  function openBytes(sealed: string): Buffer {
    try {
      const bytes = Buffer.from(sealed, 'base64');
      const sender = decoded(bytes.subarray(0, KEY_BYTES));
      const decipher = createDecipheriv(CIPHER, sharedKey(privateKey, sender, accessKey), NONCE);
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(KEY_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch (cause) {
      throw codedError('CAEP_ANSWER_NOT_AUTHENTIC', {}, { cause });
    }
  }
  return {
    sealTo: encoded(createPublicKey(privateKey)).toString('base64'),
    openBytes,
    open: (sealed) => openBytes(sealed).toString(),
  };
}

/**
 * Seals a text, or bytes, to the one who asked, if he has the access key.
 *
 * @param sealTo the question's {@link Asker.sealTo}
 * @returns sender's public key, ciphertext and tag, base64
 */
export function sealFor(accessKey: Buffer, sealTo: string, text: string | Uint8Array): string {
  const own = generateKeyPairSync('x25519');
  const key = sharedKey(own.privateKey, decoded(Buffer.from(sealTo, 'base64')), accessKey);
  const cipher = createCipheriv(CIPHER, key, NONCE);
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return Buffer.concat([encoded(own.publicKey), cipher.update(bytes), cipher.final(), cipher.getAuthTag()]).toString(
    'base64',
  );
}

function sharedKey(privateKey: KeyObject, publicKey: KeyObject, accessKey: Buffer): Buffer {
  const secret = diffieHellman({ privateKey, publicKey });
  return Buffer.from(hkdfSync('sha256', secret, accessKey, 'chatlio-aep answer/2', 32));
}

function encoded(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function decoded(key: Buffer): KeyObject {
  return createPublicKey({ key, type: 'spki', format: 'der' });
}
