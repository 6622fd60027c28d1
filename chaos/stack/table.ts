/** The results as a table: rows say what was done, columns to which operation. */
import type { CellResult } from './result.js';

const DID_NOT_APPLY = '·';

export function tableOf(results: readonly CellResult[]): string[][] {
  const operations = unique(results.map(({ operation }) => operation));
  const rows = unique(results.map(({ what }) => what)).map((what) => {
    const ofRow = results.filter((result) => result.what === what);
    return [
      what,
      ...operations.map((operation) => ratioOf(ofRow.filter((result) => result.operation === operation))),
      mappingSetsOf(ofRow),
    ];
  });
  const totals = [
    'all',
    ...operations.map((operation) => ratioOf(results.filter((result) => result.operation === operation))),
    mappingSetsOf(results),
  ];
  return [['cells that held / tried', ...operations, 'mapping sets: left, used again'], ...rows, totals];
}

function ratioOf(results: readonly CellResult[]): string {
  if (results.length === 0) return DID_NOT_APPLY;
  return `${results.filter(({ faults }) => faults.length === 0).length}/${results.length}`;
}

function mappingSetsOf(results: readonly CellResult[]): string {
  const counted = results.flatMap(({ mappingSets }) => mappingSets ?? []);
  if (counted.length === 0) return DID_NOT_APPLY;
  const left = counted.reduce((sum, one) => sum + one.left, 0);
  const usedAgain = counted.filter((one) => one.left > 0 && one.usedAgain).length;
  return `${left}, ${usedAgain}`;
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}

export function asText(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function asMarkdown(table: readonly (readonly string[])[]): string {
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`;
  const [head = [], ...rows] = table;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A line for a result, and one for each fault. */
export function lineOf({ name, faults, durationMs }: CellResult): string {
  const verdict = faults.length === 0 ? 'ok    ' : 'FAILED';
  const after = `(${(durationMs / 1000).toFixed(1)} s)`;
  return [`${verdict} ${name} ${after}`, ...faults.map((fault) => `         ${fault}`)].join('\n');
}
