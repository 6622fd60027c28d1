/** Every workflow type that the worker runs, by its name. */
export { inquiry } from './inquiry.js';
export { source } from './source.js';
