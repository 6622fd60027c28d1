/** A source with a key ring, and events among its exceptions. */
import { bodyContext } from '../../../src/store/keys/contexts.js';
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach } from 'vitest';
import { readRequest } from '../../../src/chatlio/readRequest.js';
import { widgetFact } from '../../../src/domain/events/arrivalFacts.js';
import type { ExceptionReason } from '../../../src/domain/exceptions/exceptions.js';
import { KIND_FACTS, type Kind } from '../../../src/domain/events/kinds.js';
import { knownKind } from '../../../src/store/bodies/bodies.js';
import { openEvent, type OpenedEvent, ORIGINAL_FORM, sealOriginal } from '../../../src/store/bodies/originals.js';
import type { Database } from '../../../src/store/connection/database.js';
import { createEventLog } from '../../../src/store/log/eventLog.js';
import { type KeyRing, openKeyRing } from '../../../src/store/keys/keyRing.js';
import { keepOriginals, registerSource } from '../../../src/store/sources/sources.js';
import { takenEvent, withDatabase } from '../../support/store.js';

export interface HeldSource {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly sourceId: number;
  readonly uid: string;
  readonly name: string;
  /** Logs events that the cursor has passed, held for a reason. @returns the numbers of the exceptions */
  readonly hold: (count: number, reason: ExceptionReason, kind?: Kind) => Promise<number[]>;
  /** As the receiver holds what it cannot read. @returns the event id */
  readonly holdRaw: (raw: string, kind: Kind) => Promise<string>;
  /** As the receiver takes an event. @returns its id and what the arrival was */
  readonly take: (body: object, kind: Kind, receivedAtMs?: number) => Promise<{ eventId: string; arrival: string }>;
  readonly openKept: (eventId: string) => Promise<OpenedEvent | undefined>;
  readonly openBody: (eventId: string) => Promise<Record<string, unknown> | undefined>;
  readonly rows: (sql: string) => Promise<Record<string, unknown>[]>;
}

/** Call it at the top of a test file: each test has a source of its own. */
export function withHeldSource(kept: { readonly originals: boolean } = { originals: false }): () => HeldSource {
  const database = withDatabase();
  let keyRing: KeyRing;
  let source: HeldSource | undefined;
  beforeAll(async () => {
    keyRing = await openKeyRing(join(mkdtempSync(join(tmpdir(), 'chatlio-aep-keys-')), 'keys.json'), { create: true });
  });
  beforeEach(async () => {
    source = await makeSource(database(), keyRing, kept.originals);
  });
  return () => {
    if (source === undefined) throw new Error('the source exists from beforeEach on');
    return source;
  };
}

const WIDGET = 'main-site';

async function makeSource(database: Database, keyRing: KeyRing, keepsOriginals: boolean): Promise<HeldSource> {
  const uid = randomUUID();
  const name = `s-${uid.slice(0, 8)}`;
  const sourceId = await registerSource(database, { uid, name, partitions: 2 });
  await database.pool.query(`insert into partition_cursor (source_id, partition) values ($1, 0), ($1, 1)`, [sourceId]);
  if (keepsOriginals) await keepOriginals(database, sourceId);
  const eventLog = createEventLog(database);
  const rows = async (sql: string) => (await database.pool.query<Record<string, unknown>>(sql, [sourceId])).rows;

  return {
    database,
    keyRing,
    sourceId,
    uid,
    name,
    rows,
    async hold(count, reason, kindName = 'feedback') {
      const events = Array.from({ length: count }, () => takenEvent(randomUUID(), { kindName }));
      const sealed = events.map((event) => ({
        ...event,
        sealed: keyRing.seal(
          Buffer.from(JSON.stringify({ message: 'of a visitor' })),
          bodyContext(sourceId, event.eventId),
        ),
      }));
      await eventLog.append(sourceId, 0, sealed);
      const { rows: made } = await database.pool.query<{ id: number }>(
        `insert into exception (source_id, partition, kind, event_id, seq, logged_at, reason, state, attempts, evidence)
         select source_id, partition, kind, event_id, seq, logged_at, $2, 'held', 1,
           jsonb_build_array(jsonb_build_object('at', clock_timestamp(), 'fact', 'attempt 1: outcome unknown'))
         from event_body b where source_id = $1 and event_id = any ($3) order by seq returning id`,
        [sourceId, reason, events.map(({ eventId }) => eventId)],
      );
      await database.pool.query(
        `update partition_cursor c set cursor_seq = last_seq, intended_seq = last_seq from partition_head h
         where c.source_id = $1 and h.source_id = c.source_id and h.partition = c.partition`,
        [sourceId],
      );
      return made.map(({ id }) => id);
    },
    async holdRaw(raw, kind) {
      const bytes = Buffer.from(raw);
      const reading = readRequest({ widget: WIDGET, kind, raw: bytes, receivedAtMs: Date.now() });
      const id = reading.outcome === 'held' ? reading.eventId : 'f'.repeat(64);
      const eventId = Buffer.from(id, 'hex');
      await eventLog.hold(sourceId, 0, {
        reason: 'unreadable',
        kind: KIND_FACTS[kind].code,
        eventId,
        receivedAtMs: Date.now(),
        bodyMac: keyRing.mac(bytes),
        sealed: keyRing.seal(bytes, bodyContext(sourceId, eventId)),
        facts: ['not JSON', widgetFact(WIDGET)],
      });
      return id;
    },
    async take(body, kind, receivedAtMs = Date.now()) {
      const raw = Buffer.from(JSON.stringify(body));
      const reading = readRequest({ widget: WIDGET, kind, raw, receivedAtMs });
      if (reading.outcome === 'held') throw new Error(reading.why);
      const eventId = Buffer.from(reading.eventId, 'hex');
      const facts = { widget: WIDGET, receivedAtMs };
      const [arrival] = await eventLog.append(sourceId, 0, [
        {
          kind: KIND_FACTS[kind].code,
          eventId,
          receivedAtMs,
          occurredAtMs: reading.occurredAtMs,
          bodyMac: keyRing.mac(reading.canonicalBody),
          stableMac: keyRing.mac(reading.contentKey),
          ...(keepsOriginals
            ? { form: ORIGINAL_FORM, sealed: await sealOriginal(keyRing, { sourceId, eventId }, facts, raw) }
            : {
                sealed: keyRing.seal(Buffer.from(JSON.stringify(reading.cutEvent())), bodyContext(sourceId, eventId)),
              }),
        },
      ]);
      return { eventId: reading.eventId, arrival: arrival ?? '' };
    },
    async openKept(eventId) {
      const id = Buffer.from(eventId, 'hex');
      const { rows: found } = await database.pool.query<{ sealed: Buffer; form: number; kind: number }>(
        'select sealed, form, kind from event_body where source_id = $1 and event_id = $2',
        [sourceId, id],
      );
      const row = found[0];
      return row && openEvent(keyRing, { ...row, sourceId, eventId: id, kind: knownKind(row.kind, eventId) });
    },
    async openBody(eventId) {
      const found = await database.pool.query<{ sealed: Buffer }>(
        'select sealed from event_body where source_id = $1 and event_id = $2',
        [sourceId, Buffer.from(eventId, 'hex')],
      );
      const sealed = found.rows[0]?.sealed;
      if (sealed === undefined) return undefined;
      const body = keyRing.open(sealed, bodyContext(sourceId, Buffer.from(eventId, 'hex')));
      return JSON.parse(body.toString()) as Record<string, unknown>;
    },
  };
}
