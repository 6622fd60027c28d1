/** An error as a person reads it: code, sentence, each field's problem, what Adobe said, what to do. */
import { type AdobeError, type CatalogueError, type Problem, remedyOf, sentenceOf } from '../../domain/errors.js';
import type { Paint } from './paint.js';
import { columns } from './text.js';

export function renderError(error: CatalogueError, paint: Paint): string {
  return [
    `${paint.bad('✖')} ${paint.strong(shortSentence(error))}  ${paint.faint(error.code)}`,
    ...(error.problems ?? []).map((problem) => `\n${renderProblem(problem, paint)}`),
    ...(error.adobe === undefined ? [] : ['', renderAdobeError(error.adobe, paint)]),
    '',
    `${paint.hint('→')} ${remedyOf(error)}`,
  ].join('\n');
}

/** Adobe's words stand below, so the sentence names only who and which. */
export function shortSentence(error: CatalogueError): string {
  const { adobe, ...rest } = error;
  if (adobe === undefined) return sentenceOf(error);
  const which = adobe.code ?? (adobe.httpStatus === undefined ? 'no answer' : `HTTP ${adobe.httpStatus}`);
  return sentenceOf({ ...rest, fields: { ...error.fields, adobe: `${adobe.service}: ${which}` } });
}

function renderProblem({ path, expected, got, hint, line }: Problem, paint: Paint): string {
  const place = [path === '' ? 'the document' : path, ...(line === undefined ? [] : [paint.faint(`line ${line}`)])];
  const rows = [
    [paint.faint('expected'), expected],
    [paint.faint('got'), got],
    ...(hint === undefined ? [] : [[paint.faint('hint'), hint]]),
  ];
  return `  ${paint.caution(place.join('  '))}\n${columns(rows, 4)}`;
}

/** Adobe's own words, so that they can be looked up and reported. */
export function renderAdobeError(error: AdobeError, paint: Paint): string {
  const status = error.httpStatus === undefined ? 'no answer' : `HTTP ${error.httpStatus}`;
  const said = [error.title, error.detail].filter((part) => part !== undefined && part !== '');
  const rows = [
    ['Adobe', `${error.service}, ${status}${error.code === undefined ? '' : `, ${paint.strong(error.code)}`}`],
    ...[...new Set(said)].map((part) => ['', part ?? '']),
    ...(error.raw === undefined ? [] : [['', error.raw]]),
    ...(error.requestId === undefined ? [] : [['request', error.requestId]]),
  ];
  return columns(rows.map(([label, text]) => [paint.faint(label ?? ''), text ?? '']));
}
