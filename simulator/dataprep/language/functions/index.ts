/** The functions that the mapping engine knows, by the names of Data Prep's functions page. */
import { ARRAY_FUNCTIONS } from './arrays.js';
import { DATE_FUNCTIONS } from './dates.js';
import type { FunctionTable } from './definition.js';
import { HASHING_FUNCTIONS } from './hashing.js';
import { LOGIC_FUNCTIONS } from './logic.js';
import { OBJECT_FUNCTIONS, OBJECT_METHODS } from './objects.js';
import { TEXT_FUNCTIONS, TEXT_METHODS } from './text.js';
import { URL_FUNCTIONS } from './urls.js';
import { USER_AGENT_FUNCTIONS } from './userAgents.js';

export type { DataPrepFunction } from './definition.js';

export const FUNCTIONS: FunctionTable = {
  ...TEXT_FUNCTIONS,
  ...HASHING_FUNCTIONS,
  ...URL_FUNCTIONS,
  ...DATE_FUNCTIONS,
  ...OBJECT_FUNCTIONS,
  ...ARRAY_FUNCTIONS,
  ...LOGIC_FUNCTIONS,
  ...USER_AGENT_FUNCTIONS,
};

/** Those that the page writes behind a value: `kind.equals("feedback")`. */
export const METHODS: FunctionTable = { ...TEXT_METHODS, ...OBJECT_METHODS };
