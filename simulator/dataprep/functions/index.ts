/** The functions that the mapping engine knows, by the names of Data Prep's functions page. */
import { DATE_FUNCTIONS } from './dates.js';
import type { FunctionTable } from './definition.js';
import { HASHING_FUNCTIONS } from './hashing.js';
import { STRUCTURE_FUNCTIONS } from './structures.js';
import { TEXT_FUNCTIONS } from './text.js';

export type { DataPrepFunction } from './definition.js';

export const FUNCTIONS: FunctionTable = {
  ...TEXT_FUNCTIONS,
  ...HASHING_FUNCTIONS,
  ...DATE_FUNCTIONS,
  ...STRUCTURE_FUNCTIONS,
};
