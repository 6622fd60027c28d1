/** Text laid out in columns, and times and durations as a person reads them. */

/** As `paint.ts` writes colours: its numbers are longer than those that `stripVTControlCharacters` knows. */
const COLOUR = new RegExp(String.raw`\u001b\[[\d;]*m`, 'g');

/** Width on a terminal of text that may be coloured. */
function width(text: string): number {
  return text.replaceAll(COLOUR, '').length;
}

/** Rows with columns as wide as their widest cell; the last column is not padded. */
export function columns(texts: readonly (readonly string[])[], indent = 2): string {
  const rows = texts.map((row) => row.map((cell) => cell.replaceAll(/[\r\n\t]+/g, ' ')));
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(cell));
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - width(cell)));
      return (' '.repeat(indent) + cells.join('  ')).trimEnd();
    })
    .join('\n');
}

/** Cut in the middle, as ids differ at both ends. */
export function shortened(text: string, maxWidth: number): string {
  if (text.length <= maxWidth) return text;
  const head = Math.ceil((maxWidth - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (maxWidth - 1 - head))}`;
}

/** `0.8s`, `42s`, `3m 05s`, `2h 10m`, `3d 4h`. */
export function elapsed(durationMs: number): string {
  const seconds = Math.max(0, durationMs) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)}s`;
  if (seconds < 60) return `${Math.floor(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${String(Math.floor(seconds % 60)).padStart(2, '0')}s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours}h ${String(minutes % 60).padStart(2, '0')}m`
    : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `2026-11-21 10:31:04Z`: the same for everybody who reads it. */
export function instant(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** `10:31:04Z`, for progress lines. */
export function clockTime(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(11, 19).concat('Z');
}
