import { ApplicationFailure } from '@temporalio/workflow';
import { sentenceOf, type CatalogueError } from '../domain/errors.js';

/** Refuses an update, or fails it, with an error that the command line prints in the catalogue's words. */
export function refuse(error: CatalogueError): never {
  throw ApplicationFailure.nonRetryable(sentenceOf(error), error.code, { error });
}
