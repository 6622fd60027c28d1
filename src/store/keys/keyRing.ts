/**
 * The key ring: encrypts what is kept at rest (AES-256-GCM), and makes the MACs by which bodies are compared.
 *
 * Sealed form: version (1 byte), key id (4), nonce (12), ciphertext, tag (16).
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomFillSync,
} from 'node:crypto';
import { codedError } from '../../domain/errors.js';
import { accessKeyOf, describeKeys, fingerprintOf, type KeyFile, readKeyFile, readKeyFileAgain } from './keyFile.js';
import { createKeyFile } from './keyFileChanges.js';
import { createMac } from './mac.js';

const VERSION = 1;
const HEADER_BYTES = 5;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** One call to the random source per this many nonces. */
const NONCES_AHEAD = 1024;

export interface KeyRing {
  /**
   * Encrypts with the active key. `associatedData` names the place that the result is for: it does not open elsewhere.
   *
   * Nonces are random: after 10^10 seals with one key two are equal with probability 6·10^-10 (n²/2^97).
   */
  seal(plain: Uint8Array, associatedData: Uint8Array): Buffer;
  /**
   * The key file is read again when the key is not known: another process may seal with one that was added since.
   *
   * @throws CodedError `CAEP_KEY_MISSING`; `CAEP_DATA_DAMAGED` when the data was changed or is from another place
   */
  open(sealed: Uint8Array, associatedData: Uint8Array): Buffer;
  /** HMAC-SHA-256, its first 16 bytes. The same data has the same MAC for as long as the ring keeps its first key. */
  mac(data: string | Uint8Array): Buffer;
  /** For {@link accessKeyOf answers} that pass through Temporal. */
  readonly accessKey: Buffer;
  /** Which keys it holds, with what tells them apart. */
  readonly held: HeldKeys;
  /** Seals with another key than the active one: only for the proof that it is there. */
  sealWith(keyId: string, plain: Uint8Array, associatedData: Uint8Array): Buffer;
}

export interface HeldKeys {
  readonly file: string;
  readonly active: string;
  /** Oldest first. */
  readonly keys: readonly { readonly id: string; readonly fingerprint: string }[];
  /** For people: {@link describeKeys}. */
  readonly described: string;
}

/**
 * Opens the key ring of a key file.
 *
 * @param create make a file with one fresh key (mode 0600) when there is none: for tests and benches, which know that there is
 *   no data
 * @throws CodedError what {@link readKeyFile} throws
 */
export async function openKeyRing(file: string, options: { readonly create?: boolean } = {}): Promise<KeyRing> {
  if (options.create === true) await createKeyFile(file);
  return createKeyRing(await readKeyFile(file), file);
}

function createKeyRing(content: KeyFile, file: string): KeyRing {
  let sealingKeys = sealingKeysOf(content);
  const activeId = Number.parseInt(content.active, 16);
  // Always of the first key: a MAC is compared with one from years ago, so it must outlive every rotation. It is no
  // authentication and guards nothing but the guessing of short texts, which is why it need not follow a rotation.
  const mac = createMac(derive(content.keys[0].key, 'mac'));
  const nextNonce = createNonces();

  function keyOf(id: number): KeyObject {
    const key = sealingKeys.get(id) ?? readAgain().get(id);
    if (key === undefined) throw keyMissing(id, file);
    return key;

    function readAgain(): ReadonlyMap<number, KeyObject> {
      try {
        sealingKeys = new Map([...sealingKeys, ...sealingKeysOf(readKeyFileAgain(file))]);
      } catch (cause) {
        throw keyMissing(id, file, cause);
      }
      return sealingKeys;
    }
  }

  function sealer(id: number): KeyRing['seal'] {
    const key = keyOf(id);
    return (plain, associatedData) => {
      const sealed = Buffer.allocUnsafe(HEADER_BYTES + NONCE_BYTES + plain.length + TAG_BYTES);
      sealed[0] = VERSION;
      sealed.writeUInt32BE(id, 1);
      const nonce = nextNonce();
      sealed.set(nonce, HEADER_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      cipher.setAAD(associatedData);
      sealed.set(cipher.update(plain), HEADER_BYTES + NONCE_BYTES);
      cipher.final();
      sealed.set(cipher.getAuthTag(), sealed.length - TAG_BYTES);
      return sealed;
    };
  }

  return {
    seal: sealer(activeId),
    sealWith: (keyId, plain, associatedData) => sealer(Number.parseInt(keyId, 16))(plain, associatedData),
    accessKey: accessKeyOf(content),
    held: heldIn(content, file),
    open(sealed, associatedData) {
      const data = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
      if (data.length < HEADER_BYTES + NONCE_BYTES + TAG_BYTES || data[0] !== VERSION) throw notOpened();
      const key = keyOf(data.readUInt32BE(1));
      const bodyStart = HEADER_BYTES + NONCE_BYTES;
      const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(HEADER_BYTES, bodyStart));
      decipher.setAAD(associatedData);
      decipher.setAuthTag(data.subarray(data.length - TAG_BYTES));
      const plain = decipher.update(data.subarray(bodyStart, data.length - TAG_BYTES));
      try {
        decipher.final();
      } catch (cause) {
        throw notOpened(cause);
      }
      return plain;
    },
    mac,
  };
}

/** What the key file holds by now; what the ring was made from, when that cannot be told. */
export function readHeldKeys({ held }: Pick<KeyRing, 'held'>): HeldKeys {
  try {
    return { ...heldIn(readKeyFileAgain(held.file), held.file), active: held.active };
  } catch {
    return held;
  }
}

function heldIn(content: KeyFile, file: string): HeldKeys {
  return {
    file,
    active: content.active,
    keys: content.keys.map((key) => ({ id: key.id, fingerprint: fingerprintOf(key) })),
    described: describeKeys(content),
  };
}

function sealingKeysOf({ keys }: KeyFile): ReadonlyMap<number, KeyObject> {
  return new Map(keys.map(({ id, key }) => [Number.parseInt(id, 16), createSecretKey(derive(key, 'seal'))]));
}

function keyMissing(id: number, file: string, cause?: unknown): Error {
  return codedError('CAEP_KEY_MISSING', { keyId: id.toString(16).padStart(8, '0'), file }, { cause });
}

/** One key for each purpose (RFC 5869), so that neither can be played against the other. */
function derive(key: Buffer, purpose: 'seal' | 'mac'): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `chatlio-aep/${purpose}/1`, 32));
}

function createNonces(): () => Buffer {
  const pool = Buffer.alloc(NONCE_BYTES * NONCES_AHEAD);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += NONCE_BYTES;
    return pool.subarray(used - NONCE_BYTES, used);
  };
}

function notOpened(cause?: unknown): Error {
  return codedError('CAEP_DATA_DAMAGED', {}, { cause });
}
