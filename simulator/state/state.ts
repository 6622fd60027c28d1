/**
 * Everything the simulated services know: JSON objects in memory, written through to a database.
 *
 * A handler reads and writes memory synchronously; the server waits for {@link State.flushed} before any answer leaves,
 * reads included. So what a client was told is there after a kill, and all that a handler writes between two awaits is
 * committed together, in the order in which it was written.
 */
import pLimit from 'p-limit';

/** Every object of the platform belongs to one sandbox of one organisation. */
export interface Scope {
  readonly orgId: string;
  readonly sandboxName: string;
}

/** For what belongs to the installation and not to a sandbox: credentials, tokens, faults, policy. */
export const INSTALLATION: Scope = { orgId: '', sandboxName: '' };

interface Entry<T> {
  readonly scope: Scope;
  readonly id: string;
  readonly value: T;
}

/** Objects of one kind. Values are never changed in place: `put` a new one. */
interface Collection<T> {
  get(scope: Scope, id: string): T | undefined;
  /** Oldest first. */
  list(scope: Scope): readonly T[];
  /** Over all scopes, oldest first. */
  all(): readonly Entry<T>[];
  put(scope: Scope, id: string, value: T): void;
  /** False when there was none. */
  delete(scope: Scope, id: string): boolean;
  /** Called synchronously after each change; `value` is undefined after a delete. */
  watch(listener: (scope: Scope, id: string, value: T | undefined) => void): void;
}

export interface Change {
  readonly kind: string;
  readonly scope: Scope;
  readonly id: string;
  /** Grows with every object made, so that a restart finds them in order. */
  readonly sequence: number;
  /** JSON text; undefined deletes. */
  readonly json: string | undefined;
}

/** Where changes are made durable; `write` is all or nothing and may be repeated. */
export interface Sink {
  write(changes: readonly Change[]): Promise<void>;
}

export interface State {
  collection<T>(kind: string): Collection<T>;
  /** Resolves once everything written so far is durable. */
  flushed(): Promise<void>;
  /** Removes every object except those of the kinds named. */
  clear(keptKinds: readonly string[]): void;
}

interface Stored {
  readonly scope: Scope;
  readonly id: string;
  readonly sequence: number;
  readonly value: unknown;
}

const keyOf = (scope: Scope, id: string) => `${scope.orgId}\n${scope.sandboxName}\n${id}`;

/**
 * @param sink absent: in memory only
 * @param loaded what an earlier run left, in the order of `sequence`
 */
export function createState(sink?: Sink, loaded: readonly Change[] = []): State {
  const kinds = new Map<string, Map<string, Stored>>();
  const watchers = new Map<string, Array<(scope: Scope, id: string, value: unknown) => void>>();
  let sequence = 0;
  let pending: Change[] = [];
  const inTurn = pLimit(1);
  let lastWrite: Promise<void> = Promise.resolve();

  const objectsOf = (kind: string) => {
    const objects = kinds.get(kind) ?? new Map<string, Stored>();
    kinds.set(kind, objects);
    return objects;
  };

  for (const { kind, scope, id, json, sequence: at } of loaded) {
    sequence = Math.max(sequence, at);
    if (json !== undefined) {
      objectsOf(kind).set(keyOf(scope, id), { scope, id, sequence: at, value: JSON.parse(json) as unknown });
    }
  }

  /** A write begins at the earliest when the running code awaits, so that what it writes until then stays together. */
  function record(change: Change): void {
    if (sink === undefined) return;
    pending.push(change);
    if (pending.length === 1) lastWrite = inTurn(writePending);
  }

  async function writePending(): Promise<void> {
    const changes = pending;
    pending = [];
    await sink?.write(changes);
  }

  function remove(kind: string, stored: Stored): void {
    objectsOf(kind).delete(keyOf(stored.scope, stored.id));
    record({ kind, scope: stored.scope, id: stored.id, sequence: stored.sequence, json: undefined });
    for (const listener of watchers.get(kind) ?? []) listener(stored.scope, stored.id, undefined);
  }

  return {
    flushed: () => lastWrite,
    clear(keptKinds) {
      for (const [kind, objects] of kinds) {
        if (keptKinds.includes(kind)) continue;
        for (const stored of objects.values()) remove(kind, stored);
      }
    },
    collection<T>(kind: string): Collection<T> {
      const objects = objectsOf(kind);
      return {
        get: (scope, id) => objects.get(keyOf(scope, id))?.value as T | undefined,
        list: (scope) =>
          [...objects.values()]
            .filter((stored) => stored.scope.orgId === scope.orgId && stored.scope.sandboxName === scope.sandboxName)
            .map((stored) => stored.value as T),
        all: () => [...objects.values()].map((stored) => ({ ...stored, value: stored.value as T })),
        put(scope, id, value) {
          const key = keyOf(scope, id);
          const at = objects.get(key)?.sequence ?? ++sequence;
          objects.set(key, { scope, id, sequence: at, value });
          record({ kind, scope, id, sequence: at, json: JSON.stringify(value) });
          for (const listener of watchers.get(kind) ?? []) listener(scope, id, value);
        },
        delete(scope, id) {
          const stored = objects.get(keyOf(scope, id));
          if (stored === undefined) return false;
          remove(kind, stored);
          return true;
        },
        watch(listener) {
          const listeners = watchers.get(kind) ?? [];
          listeners.push(listener as (scope: Scope, id: string, value: unknown) => void);
          watchers.set(kind, listeners);
        },
      };
    },
  };
}
