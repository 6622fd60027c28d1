/** A manifest as the program uses it: parsed, with every default filled in. Reading YAML and checking live in `src/manifest`. */
import type { Kind } from '../events/kinds.js';
import type { Contents, WrittenPrivacy } from '../projection/projection.js';
import type { DriftSettings } from '../drift/settings.js';
import type { XdmField } from './xdm/xdmTypes.js';

export interface Manifest {
  readonly version: 1;
  /** Names the source, its workflows and its resources. Lower case letters, digits and hyphens. */
  readonly name: string;
  /** Technical name of the Adobe sandbox. */
  readonly sandbox: string;
  /** Absent in manifests of 0.1.x, which are compact. */
  readonly contents?: Contents;
  /** Only where something was said. */
  readonly privacy?: WrittenPrivacy;
  readonly chatlio: { readonly widgets: readonly Widget[] };
  readonly xdm: {
    readonly fieldGroup: { readonly title: string };
    readonly schema: { readonly title: string };
    /** Fields of a person's own; only where there are some. */
    readonly fields?: readonly XdmField[];
  };
  readonly dataset: { readonly name: string; readonly tags: Readonly<Record<string, readonly string[]>> };
  readonly identity?: Identity;
  /** One row per mapped field, in order. Destinations are below the tenant's node unless they are class fields. */
  readonly mapping: readonly MappingRow[];
  /** Attributes that rows read of which it cannot be told, as a person says; only where they said so. */
  readonly mappingReads?: readonly string[];
  /** Rows do not tell events apart, and a person has said that they may not: see `domain/exceptions/proof.ts`. Only where they said so. */
  readonly proof?: 'none';
  readonly delivery: Delivery;
  /** How often it is looked for changes that others have made in Adobe; only where something was said. */
  readonly drift?: DriftSettings;
}

interface Widget {
  /** A stable name of one's own choosing; part of every event id. */
  readonly key: string;
  readonly kinds: readonly Kind[];
}

export interface Identity {
  /** A field of the canonical event, or the path of one of `xdm.fields`. */
  readonly field: string;
  /** Code of a namespace that exists already. */
  readonly namespace: string;
  readonly primary: boolean;
}

export interface MappingRow {
  /** A field of the canonical event, or a Data Prep expression over them. */
  readonly source: string;
  readonly sourceType: 'ATTRIBUTE' | 'EXPRESSION';
  /** `_id`, `timestamp`, `eventType`, or a path below the tenant's node written as `{tenant}.name`. */
  readonly destination: string;
}

export interface Delivery {
  /** Slices of the event log, each delivered by one drain at a time. Concerns new events only when changed. */
  readonly partitions: number;
  /** Undecided requests in flight, per partition. */
  readonly concurrency: number;
  /** Per source, over all partitions. Adobe's guidance for streaming is 1,000 requests a second. */
  readonly maxRequestsPerSecond: number;
  /** From the request's first byte to the end of the answer. */
  readonly requestTimeoutMs: number;
  /** How long a drain may write intents without renewing. */
  readonly leaseMs: number;
  /** After the flow was created or changed AEP may drop data; events wait. Documented minimum: five minutes. */
  readonly settleWindowMs: number;
  /** After an update that changes the schema events wait: streaming validation may know the one before for up to 15 minutes. */
  readonly schemaSettleWindowMs: number;
  /** `strict`: 503 leaves the outcome unknown. `lenient`: 503 with Retry-After counts as not accepted. */
  readonly on503: 'strict' | 'lenient';
  /** What happens to an unknown outcome that was looked for and not found. */
  readonly onNotFound: 'resend' | 'hold';
  /** After a change of what leaves the first event of each kind is sent alone, unless a person has said that it is not. */
  readonly canary?: 'off';
  /** No verdict of absence from the lake before this has passed since the last attempt (documented: under 60 min; advised: 3 h). */
  readonly lakeLatencyMs: number;
  /** Warn when a kind that used to come has been silent for this long. */
  readonly quietWarningMs: number;
  /** Bodies are kept at least this long after delivery. */
  readonly retentionMs: number;
}
