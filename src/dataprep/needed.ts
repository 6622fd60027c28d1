/**
 * What every mapping must write: `_id` from `eventId`, `timestamp` from `occurredAt`.
 *
 * Both are required of an ExperienceEvent, and whatever is known of an event in the lake is known by its `_id`.
 */
import type { CatalogueError } from '../domain/errors.js';
import { FUNCTIONS } from './functions.js';
import { parseExpression } from './parse.js';
import { parsePath, type Path, pathText } from './path.js';
import type { Mapping } from './reads.js';
import { type Expression, partsOf } from './syntax.js';

export const NEEDED_ROWS = [
  { sourceType: 'ATTRIBUTE', source: 'eventId', destination: '_id' },
  { sourceType: 'ATTRIBUTE', source: 'occurredAt', destination: 'timestamp' },
] as const satisfies readonly Mapping[];

/** The rows that must be added, or put in the place of others with the same destination. */
export function rowsNeeded(rows: readonly Mapping[]): readonly Mapping[] {
  return NEEDED_ROWS.filter((needed) => {
    const written = rows.filter(({ destination }) => destination === needed.destination);
    return written.length === 0 || !written.every((row) => isNothingBut(row, needed.source));
  });
}

/** Whether a row gives that field as it is: its path, or an expression that is nothing but the path. */
export function isNothingBut({ sourceType, source }: Pick<Mapping, 'sourceType' | 'source'>, field: string): boolean {
  const path =
    sourceType === 'ATTRIBUTE' ? parsePath(source) : sourceType === 'EXPRESSION' ? onlyPath(source) : undefined;
  return path !== undefined && pathText(path) === field;
}

function onlyPath(source: string): Path | undefined {
  const parsed = parseExpression(source);
  return parsed.ok && parsed.expression.kind === 'path' ? parsed.expression.path : undefined;
}

/** As it can be written below the rows of a manifest. */
export function rowLine({ source, destination }: Pick<Mapping, 'source' | 'destination'>): string {
  return `- {source: ${source}, destination: ${destination}}`;
}

/** The mapping as an error, where rows are lacking. */
export function mappingNeedsId(rows: readonly Mapping[]): CatalogueError | undefined {
  const needed = rowsNeeded(rows);
  if (needed.length === 0) return undefined;
  const asText = ({ source, destination }: Mapping): string => `${source} → ${destination}`;
  const instead = rows.filter(({ destination }) => needed.some((one) => one.destination === destination));
  return {
    code: 'CAEP_MAPPING_NEEDS_ID',
    fields: {
      rows: needed.map((row) => `\`${rowLine(row)}\``).join(' and '),
      ...(instead.length === 0
        ? {}
        : { instead: instead.map((row) => `${asText(row)}${changing(row)}`).join(' and ') }),
    },
  };
}

function changing({ sourceType, source }: Mapping): string {
  const [name] = sourceType === 'EXPRESSION' ? changingFunctions(source) : [];
  return name === undefined ? '' : ` (${name}() gives every copy another value)`;
}

/** Functions in an expression that give another value each time. */
function changingFunctions(source: string): string[] {
  const parsed = parseExpression(source);
  const found: string[] = [];
  const open: Expression[] = parsed.ok ? [parsed.expression] : [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === 'call' && FUNCTIONS.get(next.name)?.changing === true) found.push(next.name);
    open.push(...partsOf(next));
  }
  return found;
}
