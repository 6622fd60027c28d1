/** Mappings of any dialect in one form. */
import * as z from 'zod';
import { text } from '../http/tolerant.js';

export interface Mapping {
  readonly sourceType: 'ATTRIBUTE' | 'EXPRESSION' | 'STATIC';
  /** A dotted path of the input, a Data Prep expression, or a literal. */
  readonly source: string;
  /** A dotted XDM path. */
  readonly destination: string;
}

/** As Adobe stores it; of a type that is not known, it cannot be said what its source means. */
export interface StoredMapping extends Omit<Mapping, 'sourceType'> {
  readonly sourceType: Mapping['sourceType'] | 'UNKNOWN';
}

/** What a stored mapping calls its type, to what one sends. */
const SOURCE_TYPES: Readonly<Record<string, Mapping['sourceType']>> = {
  'text/x.schema-path': 'ATTRIBUTE',
  'text/x.aep-xl': 'EXPRESSION',
  ATTRIBUTE: 'ATTRIBUTE',
  EXPRESSION: 'EXPRESSION',
  STATIC: 'STATIC',
};

const storedMappingSchema = z.looseObject({
  sourceType: text,
  source: text,
  sourceAttribute: text,
  destination: text,
  destinationXdmPath: text,
});

/**
 * Mappings of any dialect in one form and order, so that two sets can be compared: ids, dates and order do not count.
 * A mapping without a type is of the oldest dialect, which knows paths only.
 */
export function normaliseMappings(stored: readonly unknown[]): StoredMapping[] {
  return stored
    .map((row): StoredMapping => {
      const parsed = storedMappingSchema.safeParse(row);
      if (!parsed.success) return { sourceType: 'UNKNOWN', source: '', destination: '' };
      const { sourceType, source, sourceAttribute, destination, destinationXdmPath } = parsed.data;
      return {
        sourceType: sourceType === undefined ? 'ATTRIBUTE' : (SOURCE_TYPES[sourceType] ?? 'UNKNOWN'),
        source: source ?? sourceAttribute ?? '',
        destination: destination ?? destinationXdmPath ?? '',
      };
    })
    .sort((a, b) => compareText(a.destination, b.destination) || compareText(a.source, b.source));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isKnownMapping(mapping: StoredMapping): mapping is Mapping {
  return mapping.sourceType !== 'UNKNOWN';
}
