/** Keeps the last result of each measure: as data, as a page, and its plots for the docs. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Measure, Result, Row } from '../measures/measure.js';
import { renderPlot } from './plot.js';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));
const PLOTS = fileURLToPath(new URL('../../docs/bench/', import.meta.url));

interface Kept {
  readonly title: string;
  readonly takenAt: string;
  readonly machine: string;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
  readonly plots: readonly string[];
}

export function tableOf({ rows, notes = [] }: Pick<Result, 'rows' | 'notes'>): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map((row) => `  ${row.name.padEnd(width)}  ${numberOf(row).padStart(10)}`);
  return [...lines, ...notes.map((note) => `  ${note}`)].join('\n');
}

export function keepResult(measure: Measure, result: Result): void {
  mkdirSync(RESULTS, { recursive: true });
  mkdirSync(PLOTS, { recursive: true });
  for (const plot of result.plots) writeFileSync(`${PLOTS}${plot.file}.svg`, renderPlot(plot));
  const file = `${RESULTS}last.json`;
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Kept>) : {};
  kept[measure.name] = {
    title: measure.title,
    takenAt: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    rows: result.rows,
    notes: result.notes ?? [],
    plots: result.plots.map((plot) => plot.file),
  };
  writeFileSync(file, `${JSON.stringify(kept, null, 1)}\n`);
  writeFileSync(`${RESULTS}last.md`, pageOf(kept));
}

function pageOf(kept: Readonly<Record<string, Kept>>): string {
  const sections = Object.entries(kept).map(([name, { title, takenAt, machine, rows, notes, plots }]) =>
    [
      `## ${title}`,
      '',
      `\`npm run bench -- --only ${name}\`, ${takenAt.slice(0, 16).replace('T', ' ')} UTC, ${machine}`,
      '',
      '| | |',
      '| --- | ---: |',
      ...rows.map((row) => `| ${row.name} | ${numberOf(row)} |`),
      '',
      ...notes.flatMap((note) => [note, '']),
      ...plots.flatMap((plot) => [`![${plot}](../../docs/bench/${plot}.svg)`, '']),
    ].join('\n'),
  );
  return ['# Last results', '', 'Written by `npm run bench`.', '', ...sections].join('\n');
}

function numberOf({ value, digits = 0 }: Row): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
