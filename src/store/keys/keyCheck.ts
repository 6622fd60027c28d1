/**
 * The canaries: a known text in the database, sealed with each key of the installation. A process opens all of them before it
 * does anything else, so that nothing is sealed with a key that the other processes do not have.
 */
import { inletContext, routeContext } from './contexts.js';
import type { ClientBase } from 'pg';
import { codedError } from '../../domain/errors.js';
import { kindOfCode } from '../../domain/events/kinds.js';
import { type Database, inTransaction } from '../connection/database.js';
import { databaseFault } from '../connection/databaseFault.js';
import type { KeyRing } from './keyRing.js';

const CANARY = 'chatlio-aep key check';

/** What is known of a key of the installation. Nothing of the key can be made of it. */
export interface KeyCanary {
  readonly keyId: string;
  readonly fingerprint: string;
  readonly canary: Buffer;
  readonly mac: Buffer;
}

/**
 * Opens every canary, and puts in those of keys that the database does not know yet.
 *
 * @returns all of them, for a start without the database: see {@link requireKeysOf}
 * @throws CodedError `CAEP_KEY_FILE_FOREIGN` when a key that data is sealed with is not in the file; an error of the database
 */
export async function confirmKeys(database: Database, keyRing: KeyRing): Promise<readonly KeyCanary[]> {
  return inTransaction(database, async (client) => {
    // One start after the other: of two with different files, the second is refused.
    await client.query('lock table key_check in share row exclusive mode');
    const known = await readCanaries(client);
    requireKeysOf(known, keyRing);
    if (known.length === 0) await requireKeysOfData(client, keyRing);
    const added = keyRing.held.keys
      .filter(({ id }) => !known.some(({ keyId }) => keyId === id))
      .map(({ id, fingerprint }) => canaryOf(keyRing, id, fingerprint));
    for (const { keyId, fingerprint, canary, mac } of added) {
      await client.query('insert into key_check (key_id, fingerprint, canary, mac) values ($1, $2, $3, $4)', [
        keyId,
        fingerprint,
        canary,
        mac,
      ]);
    }
    return [...known, ...added];
  });
}

/**
 * Whether the keys still fit; writes nothing.
 *
 * @throws CodedError `CAEP_KEY_FILE_FOREIGN`; those of a database that does not answer
 */
export async function checkKeys({ pool }: Database, keyRing: KeyRing): Promise<void> {
  const known = await readCanaries(pool).catch((cause: unknown) => {
    throw databaseFault(cause) ?? cause;
  });
  requireKeysOf(known, keyRing);
}

/** @throws CodedError `CAEP_KEY_FILE_FOREIGN` */
export function requireKeysOf(known: readonly KeyCanary[], keyRing: KeyRing): void {
  const expected = known.map(({ keyId, fingerprint }) => `${keyId}:${fingerprint}`).join(', ');
  const lacking = known.filter((one) => !opens(keyRing, one));
  if (lacking.length > 0) {
    const ids = lacking.map(({ keyId }) => keyId).join(', ');
    throw foreign(keyRing, `it lacks the key ${ids}, or has another key with that id`, expected);
  }
  const first = known[0];
  if (first === undefined || keyRing.mac(CANARY).equals(first.mac)) return;
  throw foreign(keyRing, 'its first key is not the one with which copies of events are told apart', expected);
}

function opens(keyRing: KeyRing, { keyId, canary }: KeyCanary): boolean {
  try {
    return keyRing.open(canary, canaryContext(keyId)).toString() === CANARY;
  } catch {
    return false;
  }
}

function canaryOf(keyRing: KeyRing, keyId: string, fingerprint: string): KeyCanary {
  const canary = keyRing.sealWith(keyId, Buffer.from(CANARY), canaryContext(keyId));
  return { keyId, fingerprint, canary, mac: keyRing.mac(CANARY) };
}

function canaryContext(keyId: string): Buffer {
  return Buffer.from(`key check ${keyId}`);
}

async function readCanaries(client: Pick<ClientBase, 'query'>): Promise<KeyCanary[]> {
  const { rows } = await client.query<KeyCanary>(
    'select key_id as "keyId", fingerprint, canary, mac from key_check order by known_since, key_id',
  );
  return rows;
}

/** A database of a release without canaries: one secret of each key that has sealed some. */
async function requireKeysOfData(client: ClientBase, keyRing: KeyRing): Promise<void> {
  const routes = await client.query<{ source_id: number; widget: string; kind: number; sealed: Buffer }>(
    `select distinct on (substring(secret_sealed from 2 for 4)) source_id, widget, kind, secret_sealed as sealed
     from route order by substring(secret_sealed from 2 for 4), created_at desc`,
  );
  const gates = await client.query<{ source_id: number; sealed: Buffer }>(
    `select distinct on (substring(inlet_sealed from 2 for 4)) source_id, inlet_sealed as sealed
     from gate where inlet_sealed is not null order by substring(inlet_sealed from 2 for 4), changed_at desc`,
  );
  const secrets = [
    ...routes.rows.flatMap(({ source_id, widget, kind, sealed }) => {
      const name = kindOfCode(kind);
      return name === undefined ? [] : [{ sealed, context: routeContext(source_id, widget, name) }];
    }),
    ...gates.rows.map(({ source_id, sealed }) => ({ sealed, context: inletContext(source_id) })),
  ];
  const lacking = secrets.filter(({ sealed, context }) => !opensSecret(keyRing, sealed, context));
  if (lacking.length === 0) return;
  const ids = [...new Set(lacking.map(({ sealed }) => sealed.toString('hex', 1, 5)))].join(', ');
  throw foreign(keyRing, 'stored webhook secrets and inlet URLs do not open with it', ids);
}

function opensSecret(keyRing: KeyRing, sealed: Buffer, context: Buffer): boolean {
  try {
    keyRing.open(sealed, context);
    return true;
  } catch {
    return false;
  }
}

function foreign({ held }: KeyRing, reason: string, expected: string): Error {
  return codedError('CAEP_KEY_FILE_FOREIGN', { file: held.file, reason, expected, got: held.described });
}
