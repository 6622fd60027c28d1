import { describe, expect, it } from 'vitest';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CodedError,
  codedError,
  describeAdobeCodes,
  describeAdobeError,
  ERROR_CATALOGUE,
  type ErrorCode,
  EXIT_CODES,
  remedyOf,
  sentenceOf,
} from '../../src/domain/errors.js';

describe('error catalogue', () => {
  it('fills the fields of an error into its sentence and its remedy', () => {
    const { error } = codedError('CAEP_SOURCE_HELD', { name: 'support-chat', step: 'schema', reason: 'refused' });
    expect(sentenceOf(error)).toBe('The source support-chat is held at the step schema: refused.');
    expect(remedyOf(error)).toContain('run `chatlio-aep abort support-chat`');
  });

  it('names the command that goes on from there: resume of a held step, else the one that is typed again', () => {
    const { error } = codedError('CAEP_PERMISSION_MISSING', { name: 'support-chat' });
    expect(remedyOf(error)).toContain('`chatlio-aep resume support-chat`');
    const ofUnpause = { ...error, fields: { ...error.fields, command: 'unpause' } };
    expect(remedyOf(ofUnpause)).toContain('`chatlio-aep unpause support-chat`');
  });

  it('keeps what Adobe said: status, code, detail and request id', () => {
    const adobe = {
      service: 'Flow Service',
      httpStatus: 404,
      code: 'FLOW-1439-404',
      title: 'Resource not found',
      requestId: 'r-1',
    };
    expect(describeAdobeError(adobe)).toBe('Flow Service: HTTP 404, FLOW-1439-404, Resource not found, request r-1');
    expect(codedError('CAEP_ADOBE_REFUSED', {}, { adobe }).message).toContain('FLOW-1439-404');
  });
});

describe('what Adobe said', () => {
  it.each([
    [{ service: 'IMS' }, 'IMS: no answer'],
    [{ service: 'IMS', httpStatus: 400, code: 'invalid_client', title: '' }, 'IMS: HTTP 400, invalid_client'],
    [{ service: 'IMS', httpStatus: 502, raw: '<html>' }, 'IMS: HTTP 502, <html>'],
    [{ service: 'IMS', httpStatus: 400, detail: 'no such org', raw: '{…}' }, 'IMS: HTTP 400, no such org'],
    [{ service: 'IMS', httpStatus: 400, title: 'Bad', detail: 'Bad' }, 'IMS: HTTP 400, Bad'],
  ])('is told once, and no more of it than is known: %j', (adobe, told) => {
    expect(describeAdobeError(adobe)).toBe(told);
  });

  it('is left out where it may quote what was sent: only codes and request ids stay', () => {
    const adobe = { service: 'IMS', httpStatus: 400, code: 'c', title: 't', detail: 'd', raw: 'r', requestId: 'r-1' };
    expect(describeAdobeCodes(adobe)).toBe('IMS: HTTP 400, c, request r-1');
  });
});

describe('an error that is thrown', () => {
  it('begins with its code, says its sentence, and keeps what led to it', () => {
    const cause = new Error('ECONNREFUSED');
    const thrown = codedError('CAEP_SOURCE_UNKNOWN', { name: 'support-chat' }, { cause });
    expect(thrown.message).toMatch(/^CAEP_SOURCE_UNKNOWN: There is no source named support-chat\b/);
    expect([thrown.name, thrown.cause]).toEqual(['CodedError', cause]);
    expect(codedError('CAEP_SOURCE_UNKNOWN')).not.toHaveProperty('cause');
  });

  it('ends a command as the catalogue says, unless the command means something else by it', () => {
    const error = { code: 'CAEP_USAGE', fields: {} } as const;
    expect(new CodedError(error).exitCode).toBe(4);
    expect(new CodedError(error, { exitCode: 5 }).exitCode).toBe(5);
  });

  it('keeps the fields that are wrong', () => {
    const problems = [{ path: 'name', expected: 'a name', got: 'nothing' }];
    expect(codedError('CAEP_MANIFEST_INVALID', {}, { problems }).error.problems).toEqual(problems);
  });

  it('says of a field that nobody knows that it is not known, and never a command in its place', () => {
    const { error } = codedError('CAEP_CLOCK_SKEW', { name: 'support-chat', other: 'Temporal' });
    expect(sentenceOf(error)).toContain('not known');
    expect(sentenceOf(error)).not.toContain('resume');
  });

  it('shows what came from outside in one line, and escaped', () => {
    const { error } = codedError('CAEP_SOURCE_UNKNOWN', { name: 'a\n\u001b[2Jb' });
    expect(sentenceOf(error)).toContain('a \\x1b[2Jb');
  });
});

const CODES = Object.keys(ERROR_CATALOGUE) as ErrorCode[];

describe('an exit code', () => {
  it('is what scripts and docs know it by', () => {
    expect(EXIT_CODES).toEqual({
      done: 0,
      failed: 1,
      changesPending: 2,
      waitingForPerson: 3,
      badConfiguration: 4,
      couldNotLook: 5,
      interrupted: 130,
    });
  });
});

describe('a template', () => {
  it.each(CODES)('of %s is never printed unfilled, whatever is known', (code) => {
    const { error } = codedError(code);
    for (const text of [sentenceOf(error), remedyOf(error), remedyOf({ code, fields: { name: 'support-chat' } })]) {
      expect(text).not.toMatch(/[{}[\]]|undefined| \.|``/);
      expect(text).toMatch(/^\S.*\S$/);
    }
  });

  it('leaves a clause out that it knows nothing for: no `resume NAME` where there is no source', () => {
    const { error } = codedError('CAEP_ADOBE_UNAVAILABLE', {});
    expect(remedyOf(error)).toBe('Wait until Adobe works again (https://status.adobe.com).');
    const held = codedError('CAEP_ADOBE_UNAVAILABLE', { name: 'support-chat', attempts: '3' }).error;
    expect(remedyOf(held)).toBe(
      'Tried 3 time(s). Wait until Adobe works again (https://status.adobe.com), then run `chatlio-aep resume support-chat`.',
    );
  });

  it('names in a command what the reader has to fill in, where it is not known', () => {
    expect(remedyOf(codedError('CAEP_EVENT_DECIDED').error)).toContain('`chatlio-aep held show NAME ID`');
    expect(remedyOf(codedError('CAEP_MANIFEST_INVALID').error)).toContain('`chatlio-aep plan FILE`');
  });

  it('finds its fields wherever the source makes the error', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join('src', file));
    const unfilled = sources.flatMap((file) => errorsMadeIn(file).flatMap(missingFields));
    expect(sources.flatMap(errorsMadeIn).length).toBeGreaterThan(50);
    expect(unfilled).toEqual([]);
  });
});

interface MadeError {
  readonly place: string;
  readonly code: ErrorCode;
  readonly fields: readonly string[];
}

const MADE = /(?:codedError\(|code: )'(CAEP_\w+)'(?: as const)?(?:,\s*(?:fields: )?(\{)|\))/g;

/** Errors that are written down with their fields: `codedError('CAEP_…', {…})`, and `{ code: 'CAEP_…', fields: {…} }`. */
function errorsMadeIn(file: string): MadeError[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(MADE)].flatMap((match) => {
    const place = `${file}:${text.slice(0, match.index).split('\n').length}`;
    const object = match[2] === undefined ? '' : objectAt(text, match.index + match[0].length);
    // What is spread in is not known here.
    if (object.includes('...')) return [];
    const fields = object.split(',').map((property) => property.split(':')[0]?.trim() ?? '');
    return [{ place, code: match[1] as ErrorCode, fields }];
  });
}

/** What stands between the braces, without the contents of strings, calls and nested objects. */
function objectAt(text: string, start: number): string {
  let depth = 1;
  let end = start;
  for (; depth > 0 && end < text.length; end += 1) {
    if (text[end] === '{') depth += 1;
    if (text[end] === '}') depth -= 1;
  }
  let inside = text.slice(start, end - 1).replaceAll(/'[^'\n]*'|"[^"\n]*"/g, '');
  const NESTED = /\([^(){}]*\)|\{[^(){}]*\}/g;
  while (NESTED.test(inside)) inside = inside.replaceAll(NESTED, '');
  return inside.replaceAll(/`[^`]*`/g, '');
}

/** Who asks for the source or the sandbox adds them, and Adobe's words come with the error itself. */
const ADDED_ON_THE_WAY = new Set(['name', 'sandbox', 'adobe', 'again', 'command']);

function missingFields({ place, code, fields }: MadeError): string[] {
  const { sentence, remedy } = ERROR_CATALOGUE[code];
  const wanted = `${sentence} ${remedy}`.replaceAll(/\[[^\]]*\]/g, '').matchAll(/\{(\w+)\}/g);
  return [...wanted].flatMap(([, field = '']) =>
    fields.includes(field) || ADDED_ON_THE_WAY.has(field) ? [] : [`${place} ${code}: {${field}}`],
  );
}
