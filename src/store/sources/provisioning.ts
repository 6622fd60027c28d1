/** The part of the store that provisioning writes: a source's row, its gate and its webhook routes. All idempotent. */
import { inletContext } from '../keys/contexts.js';
import { isDeepStrictEqual } from 'node:util';
import { codedError } from '../../domain/errors.js';
import type { Projection } from '../../domain/projection/projection.js';
import { KIND_FACTS } from '../../domain/events/kinds.js';
import type { Delivery, Manifest } from '../../domain/source/manifest.js';
import type { SourceUrls } from '../../domain/inquiries.js';
import type { RecordInput } from '../../domain/history.js';
import type { Marker } from '../../domain/source/steps.js';
import { webhookPath } from '../../domain/events/webhookPath.js';
import type { MissingEntries, SpoolReport, UnconfirmedCount, UnsentCount } from '../../domain/source/teardown.js';
import { readClock } from '../connection/clock.js';
import { type Database, inTransaction } from '../connection/database.js';
import { mayHaveDelivered } from '../delivery/delivered.js';
import {
  checkQuiet,
  type ClosedUntil,
  closeGate,
  type Gate,
  openGate,
  openGateIn,
  type Quiet,
  readGate,
} from '../delivery/gate.js';
import type { KeyRing } from '../keys/keyRing.js';
import { recordOperation } from '../history/operations.js';
import { noteDrift } from './drift.js';
import {
  createRoutes,
  listRoutes,
  type OpenedRoute,
  restoreRoutes,
  retireRoutes,
  revokeRoutes,
  rotateRoutes,
  type RouteSelection,
} from './routes.js';
import { findSource, findSourceId, keepOriginalsIn, registerSource, retireSource } from './sources.js';

import { holdUnsent } from '../delivery/unsent.js';
import { readMissing, readSpools } from '../receivers/spools.js';
import { beginCanaries, endCanaries } from '../delivery/canaries.js';
import { setProjectionIn } from '../delivery/projections.js';
import { countUnconfirmed, countUnsent } from '../views/outstanding.js';
import { countOfFlow } from '../views/outstandingOfFlow.js';
import type { FlowOutstanding } from '../../domain/source/updating/replacing.js';

interface Owner {
  readonly marker: Marker;
  readonly manifest: Manifest;
}

export interface ForwarderSettings {
  readonly uid: string;
  readonly name: string;
  readonly sandbox: string;
  readonly delivery: Delivery;
}

export interface ProvisioningStore {
  /** By the database's clock, which gates and leases go by. */
  now(): Promise<Date>;
  /** Of the live source of that name, else of the one that was torn down last. */
  uidOf(name: string): Promise<string | undefined>;
  /**
   * Seals the inlet URL and sets when the gate opens, unless it awaits an unpause.
   *
   * @param inlet.takeOver a live source of that name that has another uid becomes this one
   * @returns whether it opens
   * @throws CodedError `CAEP_FOREIGN_RESOURCE` where there is one and it may not be taken over
   */
  saveInlet(
    owner: Owner,
    inlet: {
      readonly flowId: string;
      /** To which the flow leads. */
      readonly datasetId?: string;
      readonly url: string;
      /** The source keeps originals from now on, and this leaves of them. Absent: its events are cut when they are taken. */
      readonly projection?: Projection;
      /** Of originals: paths that are removed before they are kept. */
      readonly storedWithout?: readonly string[];
      readonly opensAt: Date;
      /** Of a source that keeps no originals. */
      readonly mappingChanged?: boolean;
      readonly takeOver?: boolean;
      /** Also a gate that awaits an unpause opens. */
      readonly unpauses?: boolean;
    },
  ): Promise<{ readonly open: boolean }>;
  /** Would another projection be sent under than until now, through a gate that is open? */
  changesProjection(marker: Marker, projection: Projection): Promise<boolean>;
  /** Was the source of that uid torn down? False also where there is none in this installation. */
  isRetired(uid: string): Promise<boolean>;
  /** Under which originals of the source are sent; undefined where it keeps none, or is not there. */
  projection(marker: Marker): Promise<Projection | undefined>;
  /** Was the gate of a live source of that uid or name closed until somebody unpauses it? */
  awaitsUnpause(marker: Marker): Promise<boolean>;
  countRoutes(marker: Marker): Promise<number>;
  /** Makes a secret per widget and kind where there is none. Answers how many routes stand. */
  makeRoutes(owner: Owner): Promise<number>;
  /** The same, and those that the manifest does not have are not taken any more. */
  changeRoutes(owner: Owner): Promise<number>;
  /** Delivery settings as the manifest has them now, for whoever starts the forwarder. */
  configure(owner: Owner): Promise<void>;
  /** Webhooks of this source are not taken any more, until `restoreRoutes`. */
  revokeRoutes(marker: Marker): Promise<{ readonly revoked: number; readonly revokedAt: string }>;
  restoreRoutes(marker: Marker): Promise<void>;
  /** Of all receivers that are known: what each last said of its disk. */
  spools(marker: Marker, revokedAt: Date): Promise<readonly SpoolReport[]>;
  countUnsent(marker: Marker): Promise<UnsentCount>;
  /** @param options.discard what waits to be sent is not counted */
  countUnconfirmed(marker: Marker, options: { readonly discard: boolean }): Promise<UnconfirmedCount>;
  /** What these receivers have taken for the source and the log does not have. */
  missing(marker: Marker, receivers: readonly string[]): Promise<readonly MissingEntries[]>;
  /** Webhooks of this source are not taken any more; its events and their ids stay. */
  retire(marker: Marker): Promise<void>;
  /** May an event of this source have reached Adobe, ever, or may one do so now? See `delivered.ts`. */
  mayHaveDelivered(marker: Marker): Promise<boolean>;
  /** See `unsent.ts`. @returns how many events are held for a person */
  holdUnsent(marker: Marker, progress: () => void): Promise<number>;
  /** See `operations.ts`. */
  recordOperation(input: RecordInput): Promise<void>;
  /** How many fields and objects have drifted at Adobe, by a look just now. */
  noteDrift(marker: Marker, count: number): Promise<void>;
  /** To which events go; undefined where none was noted. */
  flowId(marker: Marker): Promise<string | undefined>;
  /** What of a flow that was replaced is not known yet. */
  countOfFlow(marker: Marker, flowId: string): Promise<FlowOutstanding>;
  /** @throws CodedError `CAEP_SOURCE_UNKNOWN` when there is none that knows its inlet */
  gate(marker: Marker): Promise<Gate>;
  /** Opens it with the inlet that is stored. @throws CodedError `CAEP_SOURCE_UNKNOWN` as above */
  openGate(marker: Marker, opensAt: Date, datasetId: string): Promise<void>;
  /** Nothing is intended from now on. */
  closeGate(marker: Marker, reason: string, until?: ClosedUntil): Promise<void>;
  /** Has everything ended that was intended before the gate was closed? */
  quiet(marker: Marker): Promise<Quiet>;
  /**
   * Gives routes of a live source a fresh secret; the URLs before are taken for `overlapMs` more.
   *
   * @returns how many; 0 when there is no such route, or no live source of that name
   */
  rotateSecrets(
    name: string,
    selection: RouteSelection & { readonly overlapMs: number; readonly by?: string },
  ): Promise<number>;
  /** The URLs of a live source in clear; undefined when there is none of that name. */
  sourceUrls(name: string, receiverUrl: string): Promise<SourceUrls | undefined>;
  /** How to start the forwarders of these sources, by number; those are absent that are not there or retired. */
  forwarderSettings(sourceIds: readonly number[]): Promise<ReadonlyMap<number, ForwarderSettings>>;
}

export function createProvisioningStore(database: Database, keyRing: KeyRing): ProvisioningStore {
  async function register({ marker, manifest }: Owner, takeOver = false): Promise<number> {
    const { delivery, sandbox } = manifest;
    const { partitions } = delivery;
    const sourceId = await registerSource(database, { uid: marker.uid, name: marker.name, partitions }, { takeOver });
    await database.pool.query('update source set delivery = $2, sandbox = $3 where id = $1', [
      sourceId,
      delivery,
      sandbox,
    ]);
    if (delivery.canary === 'off') await endCanaries(database.pool, sourceId);
    return sourceId;
  }

  async function makeRoutes(owner: Owner, options?: { readonly revokeOthers: boolean }): Promise<number> {
    const { widgets } = owner.manifest.chatlio;
    const routes = await createRoutes(database, keyRing, await register(owner), widgets, options);
    return routes.filter(isNewest).length;
  }

  const idOf = ({ uid }: Marker): Promise<number | undefined> => findSourceId(database, uid);

  async function knownId(marker: Marker): Promise<number> {
    const sourceId = await idOf(marker);
    if (sourceId === undefined) throw codedError('CAEP_SOURCE_UNKNOWN', { name: marker.name });
    return sourceId;
  }

  async function liveSource(name: string): Promise<number | undefined> {
    const source = await findSource(database, name);
    return source === undefined || source.retired ? undefined : source.id;
  }

  async function standingGate({ uid, name }: Marker) {
    const sourceId = await idOf({ uid, name });
    const gate = sourceId === undefined ? undefined : await readGate(database, sourceId);
    const { flowId, inletSealed } = gate ?? {};
    if (sourceId === undefined || gate === undefined || flowId === undefined || inletSealed === undefined) {
      throw codedError('CAEP_SOURCE_UNKNOWN', { name });
    }
    return { ...gate, sourceId, flowId, inletSealed };
  }

  return {
    now: () => readClock(database),
    uidOf: async (name) => (await findSource(database, name))?.uid,
    async saveInlet(owner, inlet) {
      const { flowId, datasetId, url, projection, storedWithout, opensAt, mappingChanged = false } = inlet;
      const { takeOver, unpauses } = inlet;
      const sourceId = await register(owner, takeOver);
      const inletSealed = keyRing.seal(Buffer.from(url), inletContext(sourceId));
      // A canary is looked for in the lake.
      const canaries = owner.manifest.delivery.canary !== 'off' && projection?.proof !== 'none';
      if (projection?.proof === 'none') await endCanaries(database.pool, sourceId);
      // What leaves, where to, and when move together: no event goes to the one flow as it was meant for the other.
      return inTransaction(database, async (client) => {
        if (projection !== undefined) {
          await setProjectionIn(client, sourceId, projection, { canaries });
          await keepOriginalsIn(client, sourceId, storedWithout);
        } else if (mappingChanged && canaries) {
          await beginCanaries(client, sourceId);
        }
        const gate = await openGateIn(client, { sourceId, flowId, datasetId, inletSealed, opensAt, unpauses });
        return { open: gate?.open ?? false };
      });
    },
    async changesProjection(marker, projection) {
      const sourceId = await idOf(marker);
      const gate = sourceId === undefined ? undefined : await readGate(database, sourceId);
      return gate?.open === true && !isDeepStrictEqual(gate.projection?.projection, projection);
    },
    async isRetired(uid) {
      const { rowCount } = await database.pool.query('select from source where uid = $1 and retired_at is not null', [
        uid,
      ]);
      return rowCount !== 0;
    },
    async projection(marker) {
      const sourceId = await idOf(marker);
      return sourceId === undefined ? undefined : (await readGate(database, sourceId))?.projection?.projection;
    },
    async awaitsUnpause({ uid, name }) {
      const { rowCount } = await database.pool.query(
        `select from gate join source on source.id = gate.source_id
         where (uid = $1 or name = $2) and retired_at is null and awaits_unpause`,
        [uid, name],
      );
      return rowCount !== 0;
    },
    async countRoutes(marker) {
      const sourceId = await idOf(marker);
      return sourceId === undefined ? 0 : (await listRoutes(database, keyRing, sourceId)).filter(isNewest).length;
    },
    makeRoutes: (owner) => makeRoutes(owner),
    changeRoutes: (owner) => makeRoutes(owner, { revokeOthers: true }),
    async configure(owner) {
      await register(owner);
    },
    async retire(marker) {
      const sourceId = await idOf(marker);
      if (sourceId === undefined) return;
      await retireRoutes(database, sourceId);
      await retireSource(database, marker.uid);
    },
    async revokeRoutes(marker) {
      const { revoked, at } = await revokeRoutes(database, await knownId(marker));
      return { revoked, revokedAt: at.toISOString() };
    },
    restoreRoutes: async (marker) => restoreRoutes(database, await knownId(marker)),
    spools: async (marker, revokedAt) => readSpools(database, await knownId(marker), revokedAt),
    countUnsent: async (marker) => countUnsent(database, await knownId(marker)),
    countUnconfirmed: async (marker, options) => countUnconfirmed(database, await knownId(marker), options),
    missing: async (marker, receivers) => readMissing(database, await knownId(marker), receivers),
    async mayHaveDelivered(marker) {
      const sourceId = await idOf(marker);
      return sourceId !== undefined && mayHaveDelivered(database, sourceId);
    },
    async holdUnsent(marker, progress) {
      const sourceId = await idOf(marker);
      return sourceId === undefined ? 0 : holdUnsent(database, sourceId, progress);
    },
    recordOperation: (input) => recordOperation(database, input),
    async noteDrift(marker, count) {
      const sourceId = await idOf(marker);
      if (sourceId !== undefined) await noteDrift(database, sourceId, count);
    },
    async flowId(marker) {
      const sourceId = await idOf(marker);
      return sourceId === undefined ? undefined : (await readGate(database, sourceId))?.flowId;
    },
    countOfFlow: async (marker, flowId) => countOfFlow(database, await knownId(marker), flowId),
    gate: standingGate,
    async openGate(marker, opensAt, datasetId) {
      const { sourceId, flowId, inletSealed } = await standingGate(marker);
      await openGate(database, { sourceId, flowId, datasetId, inletSealed, opensAt, unpauses: true });
    },
    async closeGate(marker, reason, until) {
      const sourceId = await idOf(marker);
      if (sourceId !== undefined) await closeGate(database, sourceId, reason, { until });
    },
    async quiet(marker) {
      const sourceId = await idOf(marker);
      return sourceId === undefined ? { quiet: true } : checkQuiet(database, sourceId);
    },
    async rotateSecrets(name, selection) {
      const sourceId = await liveSource(name);
      return sourceId === undefined ? 0 : rotateRoutes(database, keyRing, sourceId, selection);
    },
    async sourceUrls(name, receiverUrl) {
      const sourceId = await liveSource(name);
      if (sourceId === undefined) return undefined;
      const [routes, gate] = await Promise.all([listRoutes(database, keyRing, sourceId), readGate(database, sourceId)]);
      return {
        webhooks: routes.filter(isNewest).map((route) => ({
          widget: route.widget,
          kind: route.kind,
          url: `${receiverUrl}${webhookPath(route)}`,
          chatlioField: KIND_FACTS[route.kind].chatlioField,
          oldTakenUntil: oldTakenUntil(routes, route),
        })),
        inlet:
          gate?.inletSealed === undefined || gate.flowId === undefined
            ? undefined
            : { url: keyRing.open(gate.inletSealed, inletContext(sourceId)).toString(), flowId: gate.flowId },
      };
    },
    async forwarderSettings(sourceIds) {
      const { rows } = await database.pool.query<ForwarderSettings & { readonly id: number }>(
        `select id, uid, name, sandbox, delivery from source
          where id = any ($1) and retired_at is null and delivery is not null and sandbox is not null`,
        [sourceIds],
      );
      return new Map(rows.map(({ id, ...settings }) => [id, settings]));
    },
  };
}

/** Not one that is being rotated out. */
function isNewest({ expiresAt }: OpenedRoute): boolean {
  return expiresAt === undefined;
}

/** Until when a URL before the newest one is taken, ISO 8601; undefined when there is none. */
function oldTakenUntil(routes: readonly OpenedRoute[], newest: OpenedRoute): string | undefined {
  const ends = routes
    .filter(({ widget, kind }) => widget === newest.widget && kind === newest.kind)
    .flatMap(({ expiresAt }) => (expiresAt === undefined ? [] : [expiresAt.getTime()]));
  return ends.length === 0 ? undefined : new Date(Math.max(...ends)).toISOString();
}
