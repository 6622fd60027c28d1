/** An error as data, for programs. */
import { type CatalogueError, ERROR_CATALOGUE, remedyOf, sentenceOf } from './errors.js';

/** As docs/json-output.md describes it. */
export function errorDocument(error: CatalogueError): object {
  const { retryable } = ERROR_CATALOGUE[error.code];
  return {
    code: error.code,
    message: sentenceOf(error),
    remedy: remedyOf(error),
    retryable,
    ...(error.problems === undefined ? {} : { problems: error.problems }),
    ...(error.adobe === undefined ? {} : { adobe: error.adobe }),
  };
}
