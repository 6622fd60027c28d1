import { ApplicationFailure } from '@temporalio/workflow';
import { sentenceOf, type CatalogueError } from '../domain/errors.js';
import type { Shape } from '../domain/events/shape.js';

/** Refuses an update, or fails it, with an error that the command line prints in the catalogue's words. */
export function refuse(error: CatalogueError): never {
  throw ApplicationFailure.nonRetryable(sentenceOf(error), error.code, { error });
}

/** For validators: refuses an input that is not of the shape. */
export function requireShape(shape: Shape, input: unknown): void {
  const fault = shape(input);
  if (fault !== undefined) refuse({ code: 'CAEP_USAGE', fields: { reason: `The input is not understood: ${fault}` } });
}
