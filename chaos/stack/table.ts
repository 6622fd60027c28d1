/** The results as a table: rows say what was done, columns to which operation, and what else was counted. */
import type { CellResult } from './result.js';

const DID_NOT_APPLY = '·';

interface Counted {
  readonly title: string;
  /** Undefined where it was not counted in any of them. */
  readonly of: (results: readonly CellResult[]) => string | undefined;
}

const COUNTED: readonly Counted[] = [
  { title: 'mapping sets: left, used again', of: mappingSetsOf },
  { title: 'commands typed again', of: typedAgainOf },
];

export function tableOf(results: readonly CellResult[]): string[][] {
  const operations = unique(results.map(({ operation }) => operation));
  const counted = COUNTED.filter(({ of }) => of(results) !== undefined);
  const row = (what: string, ofRow: readonly CellResult[]) => [
    what,
    ...operations.map((operation) => ratioOf(ofRow.filter((result) => result.operation === operation))),
    ...counted.map(({ of }) => of(ofRow) ?? DID_NOT_APPLY),
  ];
  const rows = unique(results.map(({ what }) => what)).map((what) =>
    row(
      what,
      results.filter((result) => result.what === what),
    ),
  );
  return [
    ['cells that held / tried', ...operations, ...counted.map(({ title }) => title)],
    ...rows,
    row('all', results),
  ];
}

function ratioOf(results: readonly CellResult[]): string {
  if (results.length === 0) return DID_NOT_APPLY;
  return `${results.filter(({ faults }) => faults.length === 0).length}/${results.length}`;
}

function mappingSetsOf(results: readonly CellResult[]): string | undefined {
  const counted = results.flatMap(({ mappingSets }) => mappingSets ?? []);
  if (counted.length === 0) return undefined;
  const left = counted.reduce((sum, one) => sum + one.left, 0);
  const usedAgain = counted.filter((one) => one.left > 0 && one.usedAgain).length;
  return `${left}, ${usedAgain}`;
}

function typedAgainOf(results: readonly CellResult[]): string | undefined {
  const counted = results.flatMap(({ typedAgain }) => (typedAgain === undefined ? [] : [typedAgain]));
  return counted.length === 0 ? undefined : countsOf(counted.flat());
}

/** `3: CAEP_NO_WORKER 2, CAEP_NO_ANSWER 1`. */
export function countsOf(names: readonly string[]): string {
  if (names.length === 0) return '0';
  const each = unique(names).map((name) => `${name} ${names.filter((other) => other === name).length}`);
  return `${names.length}: ${each.join(', ')}`;
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
