/** What a measure is, and what it answers. */
import type { Plot } from '../report/plot.js';
import type { Programs } from '../../scripts/buildPrograms.js';

export interface Measure {
  readonly name: string;
  readonly title: string;
  run(options: MeasureOptions): Promise<Result>;
}

export interface MeasureOptions {
  readonly programs: Programs;
  /** In place of the measure's own number. */
  readonly events?: number;
  readonly rounds?: number;
  /** How many of what the measure has more and more of. */
  readonly sizes?: readonly number[];
  /** Takes CPU profiles of receivers and workers. */
  readonly profileDir?: string;
  /** Takes a line for a person. */
  readonly say: (line: string) => void;
}

export interface Row {
  readonly name: string;
  readonly value: number;
  /** After the point. Default: 0. */
  readonly digits?: number;
}

export interface Result {
  readonly rows: readonly Row[];
  readonly plots: readonly Plot[];
  /** Said below the table. */
  readonly notes?: readonly string[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
