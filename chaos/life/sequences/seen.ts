/** What is there of a source: as the simulator, PostgreSQL, its workflow and its own look for drift say. */
import { setTimeout as delay } from 'node:timers/promises';
import { withDatabase } from '../../stack/database.js';
import { stepOf } from '../../stack/product/objects.js';
import { type, type Walker } from './commands.js';
import { editionSeen, editionsOf } from './editions.js';
import { isLive, type Model, type Seen, unlike, unlikeDrift } from './model.js';

/**
 * A gate is closed once two looks of the forwarder have found that nothing arrives. It looks once it has counted that something was
 * accepted, which it does when a drain of a minute has ended, or the one after it.
 */
const SEEN_WITHIN_MS = 150_000;
const POLL_MS = 400;

/** @returns in what it is not as the model says, when all has had its time */
export async function unlikeInTime(walker: Walker, model: Model): Promise<string[]> {
  const deadline = performance.now() + SEEN_WITHIN_MS;
  for (;;) {
    const wrong = unlike(model, await seenOf(walker, model));
    if (wrong.length === 0) return isLive(model) ? unlikeDrift(model, await driftSeen(walker)) : [];
    if (performance.now() > deadline) return wrong;
    await delay(POLL_MS);
  }
}

async function driftSeen(walker: Walker): Promise<string[]> {
  const { drifted } = await type(walker, ({ sources }, { name }) => sources.drift(name, {}));
  return drifted.map(({ step, kind }) => `${step} ${kind}`);
}

async function seenOf({ stack, source, byHand }: Walker, { phase, of }: Model): Promise<Seen> {
  const rows = (await stack.simulator.objects(source.sandbox)).filter(({ id }) => !source.before.has(id));
  const flows = rows.filter(({ kind }) => kind === 'flows');
  const adopted = of === 'theirs' ? byHand?.manifest : undefined;
  const rest = {
    steps: rows.map(stepOf).toSorted(),
    flows: flows.map(({ id, state }) => `${id === byHand?.flowId ? 'theirs' : 'ours'} ${state}`).toSorted(),
    ...(await storeOf(stack.databaseUrl, source.uid)),
  };
  // Before it is made nobody can be asked.
  if (phase === 'never made') return { edition: 0, ...rest };
  const { manifest } = await source.state();
  return { edition: editionSeen(editionsOf(source, adopted), manifest), ...rest };
}

async function storeOf(databaseUrl: string, uid: string): Promise<Pick<Seen, 'gateOpen' | 'routes'>> {
  const [row] = await withDatabase(databaseUrl, async (client) => {
    const found = await client.query<{ open: boolean; routes: number }>(
      `select gate.open, (select count(*)::int from route where source_id = source.id
                            and (expires_at is null or expires_at > now())) as routes
         from source join gate on gate.source_id = source.id where uid = $1`,
      [uid],
    );
    return found.rows;
  });
  return { gateOpen: row?.open ?? false, routes: row?.routes ?? 0 };
}
