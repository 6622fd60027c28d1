/** Which lives are over, in a file that a run that goes on reads. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LifeResult {
  readonly index: number;
  readonly faults: readonly string[];
  /** Answers because of which a command was typed once more. */
  readonly typedAgain: readonly string[];
  readonly durationMs: number;
}

export interface Progress {
  readonly seed: number;
  readonly sources: number;
  /** As many lives at a time, each in a sandbox: a run that goes on finds each life where it was. */
  readonly lanes: number;
  /** Of this start and those before. */
  readonly over: readonly LifeResult[];
  /** How long the starts before have taken. */
  readonly elapsedBeforeMs: number;
  note(result: LifeResult, elapsedMs: number): void;
}

const RUN = 'life.json';
const OVER = 'lives.jsonl';

export function beginProgress(home: string, run: { seed: number; sources: number; lanes: number }): Progress {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, RUN), JSON.stringify({ v: 2, ...run }));
  return continueProgress(home);
}

/** @throws Error when no run was begun in this folder */
export function continueProgress(home: string): Progress {
  if (!existsSync(join(home, RUN))) throw new Error(`no run to go on with: ${home}`);
  const run = JSON.parse(readFileSync(join(home, RUN), 'utf8')) as Pick<Progress, 'seed' | 'sources' | 'lanes'>;
  const lines = existsSync(join(home, OVER)) ? readFileSync(join(home, OVER), 'utf8').split('\n') : [];
  // One that was being written when the run ended is not whole.
  const noted = lines.flatMap((line) =>
    line.endsWith('}') ? [JSON.parse(line) as LifeResult & { elapsedMs: number }] : [],
  );
  const over: LifeResult[] = [...noted];
  return {
    seed: run.seed,
    sources: run.sources,
    lanes: run.lanes,
    over,
    elapsedBeforeMs: Math.max(0, ...noted.map(({ elapsedMs }) => elapsedMs)),
    note(result, elapsedMs) {
      over.push(result);
      appendFileSync(join(home, OVER), `${JSON.stringify({ ...result, elapsedMs })}\n`);
    },
  };
}
