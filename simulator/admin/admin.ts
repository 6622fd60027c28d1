/** The admin side of the simulator, as a library object; over HTTP in `adminApi.ts`. No client of Adobe's services reads it. */
import type { Context, DataPlane, LandedFigures } from '../context.js';
import type { Faults } from '../faults/faults.js';
import type { Journal } from './journal.js';
import { type JsonObject, textOf } from '../values/json.js';
import type { PolicyStore } from '../policy.js';
import { COLLECTIONS } from '../state/stored.js';
import type { Tokens } from '../ims/tokens.js';

interface ObjectRow {
  readonly orgId: string;
  readonly sandboxName: string;
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly state?: string;
  /** Of what belongs to a schema. */
  readonly schemaId?: string;
  readonly createdAtMs: number;
}

export interface Admin {
  readonly faults: Faults;
  readonly journal: Journal;
  readonly policy: PolicyStore;
  nowMs(): number;
  /** Resolves when what became due has run and is durable. */
  advance(byMs: number): Promise<void>;
  /** What exists, oldest first within a kind. */
  objects(): readonly ObjectRow[];
  landed(): Promise<readonly LandedFigures[]>;
  truth(query?: URLSearchParams): Promise<unknown>;
  revokeTokens(): void;
  /** Ends all connections and refuses new ones; resolves when they are taken again. */
  refuseConnections(ms: number): Promise<void>;
  reset(): Promise<void>;
}

export interface AdminParts {
  readonly context: Context;
  readonly dataPlane: DataPlane;
  readonly tokens: Tokens;
  /** Runs what services registered with `onStart`. */
  readonly restart: () => Promise<void>;
  readonly refuseConnections: (ms: number) => Promise<void>;
}

const SHOWN_KINDS = Object.values(COLLECTIONS).filter((kind) => kind !== COLLECTIONS.sandboxes);

/** Not objects of the platform: what a reset leaves. */
const KEPT_BY_RESET = ['tokens', 'policy', 'clock'];

export function createAdmin({ context, dataPlane, tokens, restart, refuseConnections }: AdminParts): Admin {
  const { state, clock, faults, journal, policy } = context;
  return {
    faults,
    journal,
    policy,
    nowMs: () => clock.now(),
    async advance(byMs) {
      await clock.advance(byMs);
      await state.flushed();
    },
    objects: () =>
      SHOWN_KINDS.flatMap((kind) =>
        state
          .collection<JsonObject>(kind)
          .all()
          .map(({ scope, id, value }) => row(scope, kind, id, value)),
      ),
    landed: () => dataPlane.landed(),
    truth: (query = new URLSearchParams()) => dataPlane.truth(query),
    revokeTokens: () => tokens.revokeAll(),
    refuseConnections,
    async reset() {
      state.clear(KEPT_BY_RESET);
      journal.clear();
      await dataPlane.reset();
      await restart();
      await state.flushed();
    },
  };
}

function row(scope: Pick<ObjectRow, 'orgId' | 'sandboxName'>, kind: string, id: string, value: JsonObject): ObjectRow {
  const document = (value['document'] ?? value) as JsonObject;
  const name = document['name'] ?? document['title'] ?? value['name'] ?? document['@type'] ?? '';
  const ofState = typeof value['state'] === 'string' ? { state: value['state'] } : {};
  const ofSchema = typeof value['schemaId'] === 'string' ? { schemaId: value['schemaId'] } : {};
  const { orgId, sandboxName } = scope;
  const createdAtMs = Number(value['createdAtMs']);
  return { orgId, sandboxName, kind, id, name: textOf(name), ...ofState, ...ofSchema, createdAtMs };
}
