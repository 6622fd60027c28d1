/** One mapping set version as a function from source records to XDM entities. */
import { fieldAt } from '../xdm/fields.js';
import type { XdmSchema } from '../xdm/schema.js';
import { compileAttribute, compileExpression, type Evaluate, ExpressionMeaningError, type Scope } from './compile.js';
import { convertTo } from './conversion.js';
import { parsePath, type PathSegment, writePath } from './paths.js';
import { parseExpression } from './syntax.js';
import { ExpressionSyntaxError } from './tokens.js';
import { type Structure, TransformFailure, type Value } from './values.js';

export interface MappingRow {
  readonly sourceType: 'ATTRIBUTE' | 'EXPRESSION' | 'STATIC';
  readonly source: string;
  readonly destination: string;
}

/** The row cannot work, whatever the record. */
export class MappingRowError extends Error {}

export interface CompiledMapping {
  /**
   * @throws RowFailure when the record is rejected as a whole
   */
  apply(scope: Scope): MappedRecord;
  /** The value for `_id` alone, for who needs to know the event before it is mapped; undefined when there is none. */
  eventId(scope: Scope): string | undefined;
}

interface MappedRecord {
  readonly entity: Readonly<Record<string, unknown>>;
  /** Columns that became null because their transformation failed. */
  readonly warnings: ReadonlyArray<{ readonly destination: string; readonly message: string }>;
}

interface CompiledRow {
  readonly destination: string;
  readonly segments: readonly PathSegment[];
  readonly field: XdmSchema;
  readonly evaluate: Evaluate;
}

/**
 * @param schema resolved schema of the destination
 * @throws MappingRowError for the first row that cannot work
 */
export function compileMapping(rows: readonly MappingRow[], schema: XdmSchema): CompiledMapping {
  const compiled = rows.map((row) => compileRow(row, schema));
  const idRow = compiled.findLast((row) => row.destination === '_id');
  return {
    apply(scope) {
      const entity: Record<string, unknown> = {};
      const warnings: { destination: string; message: string }[] = [];
      for (const row of compiled) {
        const value = evaluateRow(row, scope, warnings);
        if (value !== null) writePath(entity, row.segments, convertTo(row.field, value, row.destination));
      }
      return { entity, warnings };
    },
    eventId(scope) {
      if (idRow === undefined) return undefined;
      try {
        const value = idRow.evaluate(scope);
        return typeof value === 'string' ? value : undefined;
      } catch {
        // The row fails when it is mapped, with the reason.
        return undefined;
      }
    },
  };
}

function evaluateRow(row: CompiledRow, scope: Scope, warnings: { destination: string; message: string }[]): Value {
  try {
    return row.evaluate(scope);
  } catch (error) {
    if (!(error instanceof TransformFailure)) throw error;
    warnings.push({ destination: row.destination, message: error.message });
    return null;
  }
}

/** @throws MappingRowError with the sentence that `validate` shows */
export function compileRow(row: MappingRow, schema: XdmSchema): CompiledRow {
  const segments = parsePath(row.destination);
  const field = segments === undefined || segments.includes('*') ? undefined : fieldAt(schema, segments);
  if (segments === undefined || field === undefined) {
    throw new MappingRowError(`The destination path ${row.destination} does not exist in the output schema`);
  }
  return { destination: row.destination, segments, field, evaluate: compileSource(row) };
}

function compileSource(row: MappingRow): Evaluate {
  switch (row.sourceType) {
    case 'ATTRIBUTE': {
      const segments = parsePath(row.source);
      if (segments === undefined) throw new MappingRowError(`The source ${row.source} is not an attribute path`);
      return compileAttribute(segments);
    }
    case 'STATIC': {
      const { source } = row;
      return () => source;
    }
    case 'EXPRESSION':
      try {
        return compileExpression(parseExpression(row.source));
      } catch (error) {
        if (!(error instanceof ExpressionSyntaxError) && !(error instanceof ExpressionMeaningError)) throw error;
        throw new MappingRowError(error.message, { cause: error });
      }
    default:
      return row.sourceType satisfies never;
  }
}

/** Whether a body is something that a mapping can read: an object. */
export function isRecord(value: unknown): value is Structure {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
