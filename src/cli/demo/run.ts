/** What a demo leaves on disk for the next one: an unfinished one is gone on with, a finished one makes room. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DemoRun {
  /** Of the events: sent again, they are the same events. */
  readonly seed: number;
  readonly isResumed: boolean;
  /** Nothing of it is needed any more. */
  finish(): void;
}

/** @param home belongs to the demo alone */
export function openDemoRun(home: string): DemoRun {
  const file = join(home, 'demo.json');
  const before = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { seed: number; finished: boolean })
    : undefined;
  if (before?.finished === true) rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  const isResumed = before?.finished === false;
  const seed = isResumed ? before.seed : 1 + Math.floor(Math.random() * 1_000_000);
  const write = (finished: boolean) => writeFileSync(file, JSON.stringify({ seed, finished }));
  write(false);
  return { seed, isResumed, finish: () => write(true) };
}
