/** Many lives, several at a time, with a fault in one call of a hundred; then what is left is counted. */
import { messageOf } from '../../../src/domain/messageOf.js';
import { withDatabase } from '../../stack/database.js';
import { isInterrupted } from '../../stack/interruption.js';
import { type ChaosStack, startChaosStack } from '../../stack/product/stack.js';
import type { On } from '../../stack/temporal.js';
import { callFaultsMet, LIFE_TIMES, placeCallFaults } from './callFaults.js';
import { type Left, leftIn } from './inventory.js';
import { live, sourceOf } from './life.js';
import { memoryOf, watchMemory } from './memory.js';
import type { LifeResult, Progress } from './progress.js';

const TELL_EVERY_MS = 15_000;

export interface LivesResult {
  readonly over: readonly LifeResult[];
  readonly left: Left;
  /** Lives of which the history says something else than what was done. */
  readonly histories: readonly string[];
  readonly routes: number;
  readonly faultsMet: number;
  readonly elapsedMs: number;
  readonly memory: Readonly<Record<string, string>>;
  readonly unexpectedEnds: readonly string[];
}

export async function runLives(
  home: string,
  progress: Progress,
  { on, log }: { readonly on: On; readonly log: (line: string) => void },
): Promise<LivesResult> {
  const startedAt = performance.now();
  const elapsedMs = () => progress.elapsedBeforeMs + performance.now() - startedAt;
  const stack = await startChaosStack({ times: LIFE_TIMES, sandboxCount: progress.lanes, log, on, home });
  const memory = watchMemory(() => stack.memory());
  const telling = setInterval(() => {
    const count = progress.over.length;
    const rate = (count / (elapsedMs() / 1_000)).toFixed(2);
    log(`${count} of ${progress.sources} lives, ${rate} a second; ${memoryOf(memory.latest())}`);
  }, TELL_EVERY_MS);
  try {
    if (progress.over.length === 0) await placeCallFaults(stack.simulator, progress.seed);
    await liveAll(stack, progress, elapsedMs);
    const tookMs = elapsedMs();
    return {
      over: progress.over,
      left: await leftIn(stack),
      ...(await readStore(stack, progress.sources)),
      faultsMet: await callFaultsMet(stack.simulator),
      elapsedMs: tookMs,
      memory: memory.most(),
      unexpectedEnds: stack.unexpectedEnds,
    };
  } finally {
    clearInterval(telling);
    memory.end();
    await stack.stop();
  }
}

async function liveAll(stack: ChaosStack, progress: Progress, elapsedMs: () => number): Promise<void> {
  const over = new Set(progress.over.map(({ index }) => index));
  await Promise.all(
    stack.sandboxes.map(async (sandbox, lane) => {
      // Always the same lives in a sandbox, so that one that was interrupted is the only one in its.
      for (let index = lane; index < progress.sources; index += stack.sandboxes.length) {
        if (over.has(index)) continue;
        const startedAt = performance.now();
        const source = await sourceOf(stack, sandbox, progress.seed, index);
        const typedAgain: string[] = [];
        const again = (code: string) => void typedAgain.push(code);
        const faults = await live({ stack, source }, again).catch((error: unknown) => [messageOf(error)]);
        // What is being ended fails in the middle of a life, which goes on when the run does.
        if (isInterrupted()) return;
        progress.note({ index, faults, typedAgain, durationMs: performance.now() - startedAt }, elapsedMs());
      }
    }),
  );
}

const HISTORY = 'provision done, teardown done, update done';

/** Each operation once in each history, and no webhook URL that is taken. */
async function readStore(
  { databaseUrl }: ChaosStack,
  sources: number,
): Promise<Pick<LivesResult, 'histories' | 'routes'>> {
  return withDatabase(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string; told: string }>(
      `select source_name as name, string_agg(concat_ws(' ', kind, result), ', ' order by kind, result) as told
         from operation where result not in ('begun', 'unchanged') group by source_name`,
    );
    const routes = await client.query<{ count: number }>(
      'select count(*)::int as count from route where expires_at is null or expires_at > now()',
    );
    const other = rows.filter(({ told }) => told !== HISTORY).map(({ name, told }) => `${name}: ${told}`);
    const missing = sources - rows.length;
    return {
      histories: [...other, ...(missing === 0 ? [] : [`${missing} lives have no history`])],
      routes: routes.rows[0]?.count ?? 0,
    };
  });
}
