/** The page of all error codes, made from the catalogue. */
import { ERROR_CATALOGUE, EXIT_CODES } from '../src/domain/errors.js';

/** `changesPending` is `changes pending`. */
const EXIT_CODE_NAMES = new Map<number, string>(
  Object.entries(EXIT_CODES).map(([name, code]) => [
    code,
    name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
  ]),
);

/** A word in braces stands for what the error names; what stands in brackets around one is left out where there is none. */
function withNames(template: string): string {
  const whole = template.replaceAll(/\[([^[\]]*\{\w+\}[^[\]]*)\]/g, '$1');
  return whole.replaceAll(/\{(\w+)\}/g, (_placeholder, name: string) => `‹${name}›`);
}

export function errorsPage(): string {
  const entries = Object.entries(ERROR_CATALOGUE).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const sections = entries.map(([code, { sentence, remedy, retryable, exitCode }]) => {
    const again = retryable ? 'The same call may succeed later.' : 'It stays so until something is changed.';
    return [
      `## ${code}`,
      '',
      `> ${withNames(sentence)}`,
      '',
      withNames(remedy),
      '',
      `${again} Exit code ${exitCode} (${EXIT_CODE_NAMES.get(exitCode)}).`,
    ].join('\n');
  });
  return [
    '# Error codes',
    '',
    '<!-- Made by `npm run errors` from src/domain/errors.ts: change it there. -->',
    '',
    'Every error that a command, the Temporal UI or a log tells has one of these codes. A word in ‹ › stands for what the error names,',
    '‹again› for the command that goes on from there.',
    'In JSON the code is `error.code` ([json-output.md](json-output.md)); codes are stable, sentences may change.',
    '',
    sections.join('\n\n'),
    '',
  ].join('\n');
}
