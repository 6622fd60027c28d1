/** One mapping set version as a function from source records to XDM entities. */
import { fieldAt } from '../xdm/fields.js';
import type { XdmSchema } from '../xdm/schema.js';
import {
  compileAttribute,
  compileSource,
  type Evaluate,
  ExpressionMeaningError,
  type Scope as EvaluationScope,
} from './language/compile.js';
import { convertTo, forObjectCopy, type StructureRules } from './language/conversion.js';
import { iteratePath, parsePath, type PathSegment, readPath, withIndexes, writePath } from './language/paths.js';
import { ExpressionSyntaxError } from './language/tokens.js';
import { isStructure, RowFailure, type Structure, TransformFailure } from './language/values.js';

/** What is not documented of a mapping and a policy decides. */
interface MappingSettings extends StructureRules {
  /** What `emails[*].name` → `pi[*].names` writes: the value, or an object with it, as the page's sample has it. */
  readonly iterationShape: 'value' | 'object';
  /** `emails[*].name` for a destination without `[*]`. */
  readonly iterationIntoField: 'array' | 'rowError';
}

export interface Scope extends EvaluationScope, MappingSettings {}

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
  readonly row: MappingRow;
  /**
   * Writes what the row gives of a record.
   *
   * @throws TransformFailure, RowFailure
   */
  readonly fill: (entity: Record<string, unknown>, scope: Scope) => void;
  readonly evaluate: Evaluate;
}

/**
 * @param schema resolved schema of the destination
 * @throws MappingRowError for the first row that cannot work
 */
export function compileMapping(rows: readonly MappingRow[], schema: XdmSchema): CompiledMapping {
  const compiled = rows.map((row) => compileRow(row, schema));
  const idRow = compiled.findLast(({ row }) => row.destination === '_id');
  return {
    apply(scope) {
      const entity: Record<string, unknown> = {};
      const warnings = compiled.flatMap((row) => warningOf(row, entity, scope) ?? []);
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

function warningOf(
  { row, fill }: CompiledRow,
  entity: Record<string, unknown>,
  scope: Scope,
): MappedRecord['warnings'][number] | undefined {
  try {
    fill(entity, scope);
    return undefined;
  } catch (error) {
    if (error instanceof RowFailure) {
      throw new RowFailure(`${error.message} (mapping ${row.source} → ${row.destination})`, { cause: error });
    }
    if (!(error instanceof TransformFailure)) throw error;
    return { destination: row.destination, message: error.message };
  }
}

/** @throws MappingRowError with the sentence that `validate` shows */
export function compileRow(row: MappingRow, schema: XdmSchema): CompiledRow {
  const destination = parsePath(row.destination);
  const field = destination === undefined ? undefined : fieldAt(schema, destination);
  if (destination === undefined || field === undefined) {
    throw new MappingRowError(`The destination path ${row.destination} does not exist in the output schema`);
  }
  const evaluate = evaluatorOf(row);
  const source = row.sourceType === 'ATTRIBUTE' ? parsePath(row.source) : undefined;
  const iterated = source?.includes('*') === true ? source : undefined;
  if (destination.includes('*')) {
    if (iterated === undefined || wildcards(iterated) !== wildcards(destination)) {
      throw new MappingRowError(`The destination path ${row.destination} has other wildcards than its source`);
    }
    return {
      row,
      evaluate,
      fill: (entity, scope) => fillElements(entity, scope, { source: iterated, destination, field }),
    };
  }
  return {
    row,
    evaluate,
    fill(entity, scope) {
      if (iterated !== undefined && scope.iterationIntoField === 'rowError') {
        throw new RowFailure('The source has a wildcard and the destination has none');
      }
      const value = evaluate(scope);
      if (value === null) return;
      const isObjectCopy = source !== undefined && isStructure(value);
      writePath(entity, destination, convertTo(field, value, isObjectCopy ? forObjectCopy(scope) : scope));
    },
  };
}

const wildcards = (path: readonly PathSegment[]): number => path.filter((segment) => segment === '*').length;

interface Iteration {
  readonly source: readonly PathSegment[];
  readonly destination: readonly PathSegment[];
  readonly field: XdmSchema;
}

/** One element of the target for each of the source, in its place, also where it lacks the attribute. */
function fillElements(entity: Record<string, unknown>, scope: Scope, { source, destination, field }: Iteration): void {
  const isRefusing = scope.missingAttributeInMapping === 'rowError';
  const name = source.at(-1);
  const lacking = () => new RowFailure(`Attribute ${source.join('.')} does not exist`);
  const found = iteratePath(scope.record, source);
  if (found === undefined && isRefusing) throw lacking();
  for (const { indexes, value } of found ?? []) {
    if (value === undefined && isRefusing) throw lacking();
    if (value === undefined || value === null) {
      keepPlace(entity, destination, indexes);
      continue;
    }
    const shaped =
      scope.iterationShape === 'object' && typeof name === 'string' && name !== '*' ? { [name]: value } : value;
    writePath(entity, withIndexes(destination, indexes), convertTo(field, shaped, scope));
  }
}

function keepPlace(
  entity: Record<string, unknown>,
  destination: readonly PathSegment[],
  indexes: readonly number[],
): void {
  const lastWildcard = withIndexes(destination, indexes).findLastIndex((segment) => typeof segment === 'number');
  const place = withIndexes(destination, indexes).slice(0, lastWildcard + 1);
  if (readPath(entity as Structure, place) === undefined) {
    writePath(entity, place, lastWildcard === destination.length - 1 ? null : {});
  }
}

function evaluatorOf(row: MappingRow): Evaluate {
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
        return compileSource(row.source);
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
