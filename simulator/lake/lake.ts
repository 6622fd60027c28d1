/** What the other services ask of the lake: take what the inlet accepted, and say what became of it. */
import type { Context } from '../context.js';
import { type Acceptance, createAcceptances, type Acceptances } from './acceptances.js';
import { createLakes, type LakeDatabase } from './database.js';
import type { Judge } from './judge.js';
import { createProcessing, type Processing } from './processing.js';
import type { Sandbox } from '../transport/request.js';
import { COLLECTIONS, type StoredDataset } from '../state/stored.js';
import { dropDataset, emptyLake } from './datasets.js';

interface OpenLake {
  readonly database: LakeDatabase;
  readonly acceptances: Acceptances;
  readonly processing: Processing;
}

export interface Lake {
  /** Resolves once the messages are durable. */
  accept(sandboxName: string, acceptances: readonly Acceptance[]): Promise<void>;
  /** The sandbox's database; made when it is not there. */
  database(sandboxName: string): Promise<LakeDatabase>;
  databases(): Promise<readonly LakeDatabase[]>;
  /** Removes every table and every count. */
  empty(): Promise<void>;
}

/** Starts landing when the context starts, and ends with it. */
export function createLake(context: Context, databaseUrl: string, judge: Judge): Lake {
  const lakes = createLakes(databaseUrl, context.log);
  const open = new Map<string, Promise<OpenLake>>();

  async function openOne(sandboxName: string): Promise<OpenLake> {
    const database = await lakes.of(sandboxName);
    const processing = createProcessing(context, database, judge);
    return { database, processing, acceptances: createAcceptances(database.pool) };
  }

  function of(sandboxName: string): Promise<OpenLake> {
    const known = open.get(sandboxName);
    if (known !== undefined) return known;
    const opening = openOne(sandboxName);
    open.set(sandboxName, opening);
    opening.catch(() => open.delete(sandboxName));
    return opening;
  }

  async function all(): Promise<readonly OpenLake[]> {
    // Other simulators may have their lakes on the same server.
    const known = context.state.collection<Sandbox>(COLLECTIONS.sandboxes).all();
    const made = await lakes.existing(known.map(({ value }) => value.name));
    return Promise.all([...new Set([...made, ...open.keys()])].map(of));
  }

  context.state.collection<StoredDataset>(COLLECTIONS.datasets).watch((scope, id, dataset) => {
    if (dataset !== undefined) return;
    const dropping = of(scope.sandboxName).then(({ database }) => dropDataset(database, id));
    dropping.catch((error: unknown) => context.log.error({ err: error }, 'a dataset table was not dropped'));
  });
  context.onStart(async () => {
    for (const { processing } of await all()) await processing.resume();
  });
  context.onClose(async () => {
    const opened = await Promise.allSettled(open.values());
    for (const one of opened) if (one.status === 'fulfilled') await one.value.processing.stop();
    await lakes.close();
  });

  return {
    async accept(sandboxName, acceptances) {
      const { acceptances: taken, processing } = await of(sandboxName);
      await taken.accept(acceptances);
      for (const { landing } of acceptances) if (landing !== undefined) processing.expect(landing.dueMs);
    },
    database: async (sandboxName) => (await of(sandboxName)).database,
    databases: async () => (await all()).map(({ database }) => database),
    async empty() {
      for (const { database } of await all()) await emptyLake(database);
    },
  };
}
