/** Maps sample records as `POST /mappingSets/preview` does. */
import type { Json } from '../values/json.js';
import type { XdmSchema } from '../xdm/schema.js';
import { compileMapping, isRecord, type MappingRow, type Scope } from './mapping.js';
import { RowFailure } from './language/values.js';

interface PreviewedRecord {
  readonly data: Json;
  readonly errors: Json;
}

/** @throws MappingRowError for a row that cannot work */
export function previewRecords(
  rows: readonly MappingRow[],
  schema: XdmSchema,
  records: readonly unknown[],
  settings: Omit<Scope, 'record'>,
): readonly PreviewedRecord[] {
  const mapping = compileMapping(rows, schema);
  return records.map((record) => {
    if (!isRecord(record)) return { data: null, errors: [{ exception: 'The record is not an object' }] };
    try {
      const { entity, warnings } = mapping.apply({ ...settings, record });
      const errors = warnings.map(({ destination, message }) => ({ destination, exception: message }));
      return { data: entity as Json, errors: errors.length === 0 ? null : errors };
    } catch (error) {
      if (error instanceof RowFailure) return { data: null, errors: [{ exception: error.message }] };
      throw error;
    }
  });
}
