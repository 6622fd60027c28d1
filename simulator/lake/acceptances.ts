/** Makes accepted messages durable before the inlet answers: one statement for all that arrived while the last one ran. */
import type pg from 'pg';

/** Why an accepted message never becomes a row, or that it does. */
export type Fate = 'land' | 'lost' | 'settling' | 'no-flow' | 'flow-not-enabled';

export interface Acceptance {
  readonly orgId: string;
  readonly inletId: string;
  readonly flowId?: string | undefined;
  readonly datasetId?: string | undefined;
  readonly eventId?: string | undefined;
  /** Unique. */
  readonly xactionId: string;
  readonly receivedMs: number;
  readonly bytes: number;
  readonly fate: Fate;
  /** Absent when the fate is not `land`. */
  readonly landing?: Landing;
}

export interface Landing {
  readonly dueMs: number;
  readonly form: 'raw' | 'xdm';
  /** JSON text of the message. */
  readonly body: string;
  readonly mappingId?: string | undefined;
  readonly mappingVersion?: number | undefined;
  /** Rows made of it; more than one is a duplicate made inside. */
  readonly copies: number;
  readonly invalidReason?: string | undefined;
}

const INSERT = `
  WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::int[],
      $9::text[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::int[], $15::int[], $16::text[])
    AS g (org_id, inlet_id, flow_id, dataset_id, event_id, xaction_id, received_ms, bytes,
      fate, due_ms, form, body, mapping_id, mapping_version, copies, invalid_reason)
  ), accepted AS (
    INSERT INTO sim.acceptance (org_id, inlet_id, flow_id, dataset_id, event_id, xaction_id, received_ms, bytes, fate)
    SELECT org_id, inlet_id, flow_id, dataset_id, event_id, xaction_id, received_ms, bytes, fate FROM given
    RETURNING sequence, xaction_id
  )
  INSERT INTO sim.pending (sequence, due_ms, org_id, flow_id, dataset_id, event_id, xaction_id, received_ms,
    form, body, mapping_id, mapping_version, copies, invalid_reason)
  SELECT accepted.sequence, due_ms, org_id, flow_id, dataset_id, event_id, xaction_id, received_ms,
    form, body, mapping_id, mapping_version, copies, invalid_reason
  FROM given JOIN accepted USING (xaction_id) WHERE due_ms IS NOT NULL`;

/** Keeps one statement below some megabytes. */
const LONGEST_GROUP = 500;

interface Waiting {
  readonly acceptances: readonly Acceptance[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export interface Acceptances {
  /** Resolves once all of them are committed; they are committed together. */
  accept(acceptances: readonly Acceptance[]): Promise<void>;
}

export function createAcceptances(pool: pg.Pool): Acceptances {
  let waiting: Waiting[] = [];
  let isFlushing = false;

  async function flush(): Promise<void> {
    isFlushing = true;
    while (waiting.length > 0) {
      const group = waiting.slice(0, LONGEST_GROUP);
      waiting = waiting.slice(LONGEST_GROUP);
      try {
        await insert(
          pool,
          group.flatMap(({ acceptances }) => acceptances),
        );
        for (const { done } of group) done();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    isFlushing = false;
  }

  return {
    accept: (acceptances) =>
      new Promise((done, failed) => {
        waiting.push({ acceptances, done, failed });
        if (!isFlushing) void flush();
      }),
  };
}

async function insert(pool: pg.Pool, all: readonly Acceptance[]): Promise<void> {
  await pool.query({
    name: 'accept',
    text: INSERT,
    values: [
      all.map((one) => one.orgId),
      all.map((one) => one.inletId),
      all.map((one) => one.flowId),
      all.map((one) => one.datasetId),
      all.map((one) => storableText(one.eventId)),
      all.map((one) => one.xactionId),
      all.map((one) => one.receivedMs),
      all.map((one) => one.bytes),
      all.map((one) => one.fate),
      all.map((one) => one.landing?.dueMs),
      all.map((one) => one.landing?.form),
      all.map((one) => one.landing?.body),
      all.map((one) => one.landing?.mappingId),
      all.map((one) => one.landing?.mappingVersion),
      all.map((one) => one.landing?.copies),
      all.map((one) => one.landing?.invalidReason),
    ],
  });
}

/** PostgreSQL's text takes no U+0000. */
function storableText(text: string | undefined): string | undefined {
  return text?.replaceAll('\0', '\uFFFD');
}
