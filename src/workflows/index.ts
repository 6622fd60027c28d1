/** Every workflow type that the worker runs, by its name. */
export { source } from './source.js';
