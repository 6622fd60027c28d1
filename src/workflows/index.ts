/** Every workflow type that the worker runs, by its name. */
export { forwarder } from './forwarder/forwarder.js';
export { inquiry } from './inquiry.js';
export { source } from './source/source.js';
