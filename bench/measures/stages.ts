/** Where the microseconds of an event go: by stage in receiver and worker, by statement in PostgreSQL. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Landmarks, stagesOf } from '../rig/profile.js';
import { type Stack, startStack } from '../rig/stack.js';
import { takeTurn, type Turn } from '../rig/turn.js';
import type { Measure, Row } from './measure.js';

const EVENTS = 200_000;
const WARM_UP_EVENTS = 40_000;
const CONNECTIONS = 256;
const PRELOADED_IDS = 1_000_000;

const COLLECTOR = ['garbage collection', /^\(garbage collector\)/] as const;
const POSTGRES_CLIENT =
  /\/(pg|pg-pool|pg-protocol|postgres-bytea|pg-types)\/|store\/(log|delivery|connection)\/(eventLog|flush|bodies|claim|database)\.js/;

const RECEIVER: Landmarks = [
  COLLECTOR,
  ['encrypt', /^seal .*store\/keys\/keyRing/],
  ['parse, identify, compare', /^prepare .*receiver\/http\/webhooks/],
  ['insert', POSTGRES_CLIENT],
  ['intake journal', /receiver\/journal\//],
  ['answer', /^send .*receiver\/http\/httpServer/],
];
const WORKER: Landmarks = [
  COLLECTOR,
  ['decrypt', /^open .*store\/keys\/keyRing/],
  ['POST', /\/undici\/|adobe\/(services\/inlet|http\/exchange)\.js|domain\/delivery\/outcomes\.js/],
  ['fetch and bookkeeping, PostgreSQL client', POSTGRES_CLIENT],
  ['bookkeeping', /activities\/drain/],
];

interface Statement {
  readonly name: string;
  readonly text: RegExp;
}

const STATEMENTS: readonly Statement[] = [
  { name: 'insert', text: /insert into event_body/ },
  { name: 'fetch', text: /from event_body\s+where/ },
  { name: 'bookkeeping', text: /partition_cursor/ },
];

export const stages: Measure = {
  name: 'stages',
  title: 'Where the microseconds of an event go',
  async run({ programs, events = EVENTS }) {
    const profileDir = mkdtempSync(join(tmpdir(), 'chatlio-aep-profile-'));
    try {
      const { turn, statements, pids } = await profiled(programs, profileDir, events);
      const of = (process: 'receiver' | 'worker', landmarks: Landmarks, rest: string): Row[] =>
        rowsOf(process, stagesOf(profileDir, pids[process], landmarks, rest), turn.cpuMicros[process] ?? 0);
      return {
        rows: [
          ...of('receiver', RECEIVER, 'HTTP in'),
          ...of('worker', WORKER, 'runtime and Temporal'),
          ...rowsOf('PostgreSQL', statements, turn.cpuMicros['PostgreSQL'] ?? 0),
        ],
        plots: [],
        notes: [
          'CPU of each process, shared out by samples of Node’s profiler and by the execution times of pg_stat_statements.',
          'Both cost time themselves: take the shares from here, the sums from the throughput.',
        ],
      };
    } finally {
      rmSync(profileDir, { recursive: true, force: true });
    }
  },
};

async function profiled(programs: Stack['programs'], profileDir: string, events: number) {
  const postgresSettings = { shared_preload_libraries: 'pg_stat_statements' };
  const stack = await startStack({ programs, profileDir, postgresSettings });
  try {
    await stack.database.pool.query('create extension pg_stat_statements');
    const { targets } = await stack.addSource({ preloadedIds: PRELOADED_IDS });
    const run = (count: number): Promise<Turn> =>
      takeTurn({ stack, targets, events: count, connections: CONNECTIONS, groups: stack.groups });
    await run(Math.min(WARM_UP_EVENTS, events));
    await stack.database.pool.query('select pg_stat_statements_reset()');
    const turn = await run(events);
    const pidOf = (name: string) => stack.groups.find((group) => group.name === name)?.pids[0] ?? 0;
    return {
      turn,
      statements: await statementShares(stack),
      pids: { receiver: pidOf('receiver'), worker: pidOf('worker') },
    };
  } finally {
    // The profiles are written when the processes end.
    await stack.stop();
  }
}

async function statementShares(stack: Stack): Promise<Map<string, number>> {
  const { rows } = await stack.database.pool.query<{ query: string; ms: number }>(
    'select query, total_exec_time + total_plan_time as ms from pg_stat_statements',
  );
  const all = rows.reduce((sum, { ms }) => sum + ms, 0);
  const shares = new Map<string, number>();
  for (const { query, ms } of rows) {
    const name = STATEMENTS.find(({ text }) => text.test(query))?.name ?? 'other statements';
    shares.set(name, (shares.get(name) ?? 0) + ms / all);
  }
  return shares;
}

function rowsOf(process: string, shares: ReadonlyMap<string, number>, micros: number): Row[] {
  return [...shares]
    .sort(([, a], [, b]) => b - a)
    .map(([stage, share]) => ({ name: `${process}: ${stage}, µs per event`, value: share * micros, digits: 1 }));
}
