/**
 * Secrets on their way from the worker to a terminal, which pass through Temporal's history: sealed to a key that only
 * the asking process has, and that ends with it.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
/** Each seal has a key of its own, so one fixed nonce is used once per key. */
const NONCE = Buffer.alloc(12);
const TAG_BYTES = 16;
/** An X25519 public key in SPKI form. */
const KEY_BYTES = 44;

export interface Asker {
  /** Goes into the question: X25519, SPKI, base64. */
  readonly sealTo: string;
  /** Opens the answer; throws when it was not sealed to this asker, or changed on the way. */
  open(sealed: string): string;
}

export function createAsker(): Asker {
  const own = generateKeyPairSync('x25519');
  return {
    sealTo: encoded(own.publicKey).toString('base64'),
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      const senderKey = bytes.subarray(0, KEY_BYTES);
      const decipher = createDecipheriv(CIPHER, sharedKey(own.privateKey, decoded(senderKey)), NONCE);
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(KEY_BYTES, -TAG_BYTES)), decipher.final()]).toString();
    },
  };
}

/**
 * Seals a text to the one who asked.
 *
 * @param sealTo the question's {@link Asker.sealTo}
 * @returns sender's public key, ciphertext and tag, base64
 */
export function sealFor(sealTo: string, text: string): string {
  const own = generateKeyPairSync('x25519');
  const cipher = createCipheriv(CIPHER, sharedKey(own.privateKey, decoded(Buffer.from(sealTo, 'base64'))), NONCE);
  return Buffer.concat([encoded(own.publicKey), cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString(
    'base64',
  );
}

function sharedKey(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const secret = diffieHellman({ privateKey, publicKey });
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'chatlio-aep answer', 32));
}

function encoded(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

function decoded(key: Buffer): KeyObject {
  return createPublicKey({ key, type: 'spki', format: 'der' });
}
