/** What a demo leaves on disk for the next one: an unfinished one is gone on with, a finished one makes room. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile } from '../../process/files/jsonFile.js';
import { replaceFile } from '../../process/files/wholeFile.js';

export interface DemoRun {
  /** Of the events: made again from seed and time, they are the same events. */
  readonly seed: number;
  readonly atMs: number;
  readonly isResumed: boolean;
  /** Nothing of it is needed any more. */
  finish(): void;
}

interface DemoFile {
  readonly seed: number;
  readonly atMs: number;
  readonly finished: boolean;
}

/** @param home belongs to the demo alone */
export function openDemoRun(home: string): DemoRun {
  const file = join(home, 'demo.json');
  const before = readJsonFile(file) as DemoFile | undefined;
  if (before?.finished === true) rmSync(home, { recursive: true, force: true });
  // Open to PostgreSQL's own user, who must come through to a folder below.
  mkdirSync(home, { recursive: true });
  const isResumed = before?.finished === false;
  const { seed, atMs } = isResumed ? before : { seed: 1 + Math.floor(Math.random() * 1_000_000), atMs: Date.now() };
  const write = (finished: boolean) => replaceFile(file, JSON.stringify({ seed, atMs, finished } satisfies DemoFile));
  write(false);
  return { seed, atMs, isResumed, finish: () => write(true) };
}
