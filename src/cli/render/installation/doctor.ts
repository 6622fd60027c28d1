/** `doctor`: one line per check, and under each failed one its error and fix. */
import { counted } from '../../../domain/counted.js';
import type { Finding } from '../../../domain/source/plan.js';
import { type CatalogueError, remedyOf, sentenceOf } from '../../../domain/errors.js';
import { errorDocument } from '../../../domain/errorDocument.js';
import { renderAdobeError, shortSentence } from '../error.js';
import type { Paint, Style } from '../paint.js';
import { columns } from '../text.js';

const MARKS: Readonly<Record<Finding['state'], readonly [string, Style]>> = {
  ok: ['✔', 'good'],
  warning: ['!', 'caution'],
  failed: ['✖', 'bad'],
  skipped: ['·', 'faint'],
};

export function renderDoctor(findings: readonly Finding[], paint: Paint): string {
  const rows = findings.map(({ check, state, detail, error }) => {
    const [mark, style] = MARKS[state];
    const text = error !== undefined && saysTheSame(detail, error) ? shortSentence(error) : detail;
    const line = text.replaceAll(/\s*\n\s*/g, ' ');
    return [paint[style](mark), check, state === 'skipped' ? paint.faint(line) : line];
  });
  const lines = columns(rows).split('\n');
  const failed = findings.filter(({ state }) => state === 'failed').length;
  const warnings = findings.filter(({ state }) => state === 'warning').length;
  return [
    ...findings.flatMap((finding, index) => [lines[index] ?? '', ...errorLines(finding, paint)]),
    '',
    failed > 0
      ? paint.bad(`${counted(failed, 'check')} failed.`)
      : warnings > 0
        ? paint.caution(`${counted(warnings, 'warning')}; everything else is fine.`)
        : paint.good('Everything is fine.'),
  ].join('\n');
}

/** Then it stands in the line already, and is not said twice. */
function saysTheSame(detail: string, error: CatalogueError): boolean {
  return detail === '' || detail === sentenceOf(error);
}

function errorLines({ error, detail }: Finding, paint: Paint): string[] {
  if (error === undefined) return [];
  return [
    ...(saysTheSame(detail, error) ? [] : [`      ${shortSentence(error)}`]),
    ...(error.problems ?? []).map(
      ({ path, expected, got }) => `      ${paint.caution(path)}: expected ${expected}, got ${got}`,
    ),
    ...(error.adobe === undefined ? [] : [renderAdobeError(error.adobe, paint).replaceAll(/^ {2}/gm, '      ')]),
    `      ${paint.hint('→')} ${remedyOf(error)}`,
  ];
}

export function doctorDocument(findings: readonly Finding[]): object {
  return {
    findings: findings.map(({ error, ...finding }) => ({
      ...finding,
      ...(error === undefined ? {} : { error: errorDocument(error) }),
    })),
  };
}
