/**
 * Rows of a mapping as they are written: in our words, or in Adobe's, so that rows of its tutorials, and of sets as its API shows them,
 * can be pasted.
 */
import { at } from '../document.js';

/** How Adobe names the types of sources, where it is told and where it shows them. */
export const SOURCE_TYPES = ['ATTRIBUTE', 'EXPRESSION', 'text/x.schema-path', 'text/x.aep-xl'] as const;

/** What Adobe shows of a row of a stored set and a manifest has no use for. */
export const SHOWN_BY_ADOBE = [
  'id',
  'version',
  'name',
  'description',
  'createdDate',
  'createdBy',
  'modifiedDate',
  'modifiedBy',
  'matchScore',
  'functionVersion',
] as const;

const EXPRESSIONS: ReadonlySet<unknown> = new Set(['EXPRESSION', 'text/x.aep-xl']);

/** In our words; what is not written is undefined. */
export interface WrittenRow {
  readonly destination: unknown;
  readonly source: unknown;
  readonly expression: unknown;
  /** Under which name each of them is written, or would be. */
  readonly keys: { readonly destination: string; readonly source: string; readonly expression: string };
}

export function writtenRow(row: unknown): WrittenRow {
  const destination = firstOf(row, 'destination', 'destinationXdmPath');
  const source = firstOf(row, 'source', 'sourceAttribute');
  const expression = at(row, 'expression');
  // `source: false` says the same of either.
  const isExpression = expression === undefined && at(row, source) !== false && EXPRESSIONS.has(at(row, 'sourceType'));
  return {
    destination: at(row, destination),
    source: isExpression ? undefined : at(row, source),
    expression: isExpression ? at(row, source) : expression,
    keys: { destination, source, expression: isExpression ? source : 'expression' },
  };
}

function firstOf(row: unknown, ours: string, other: string): string {
  return at(row, ours) === undefined && at(row, other) !== undefined ? other : ours;
}
