/** Orders to the load generator, and what it answers. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Programs } from '../../scripts/buildPrograms.js';
import type { BenchBody } from './events.js';

export interface LoadTarget {
  readonly host: string;
  readonly port: number;
  /** By kind. */
  readonly paths: Readonly<Record<string, string>>;
}

export interface LoadOrder {
  /** Connections are spread over them. */
  readonly targets: readonly LoadTarget[];
  readonly run: number;
  readonly events: number;
  /** Left out: short ones. */
  readonly body?: BenchBody;
  readonly connections: number;
  /** Left out: as fast as they are answered. */
  readonly perSecond?: number;
  /** Takes one byte for each event: 1 for those that were answered 2xx. */
  readonly acknowledgedFile?: string;
  /** Takes one double for each event: when it was answered, milliseconds since the epoch by the monotonic clock. */
  readonly answeredFile?: string;
}

export interface LoadResult {
  readonly acknowledged: number;
  /** Answers other than 2xx. */
  readonly notTaken: number;
  readonly reconnects: number;
  readonly startedMs: number;
  readonly endedMs: number;
  /** Of the generator itself, from the first request on. */
  readonly cpuSeconds: number;
  /** From the first byte of a request to the last of its answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const run = promisify(execFile);

/** @param abandoned ends it before all is sent */
export async function sendLoad(programs: Programs, order: LoadOrder, abandoned?: AbortSignal): Promise<LoadResult> {
  const { stdout } = await run(process.execPath, [programs.pathOf('bench/load'), JSON.stringify(order)], {
    signal: abandoned,
  });
  return JSON.parse(stdout) as LoadResult;
}
