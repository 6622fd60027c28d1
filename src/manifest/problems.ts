/** Printing apart from checking: zod's issues and our broken rules as problems with path, expected, got and hint. */
import * as z from 'zod';
import type { Problem } from '../domain/errors.js';
import type { BrokenRule } from './document.js';
import { manifestSchema } from './schema.js';
import { nearest } from './suggestion.js';

export type Path = readonly (string | number)[];

/** A problem with its path still in pieces, so that its line can be found. */
export interface LocatedProblem extends Problem {
  readonly location: Path;
}

export function problemsOfIssues(issues: readonly z.core.$ZodIssue[], document: unknown): LocatedProblem[] {
  return issues.flatMap((issue): LocatedProblem[] => {
    const location = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    const meant = issue.code === 'invalid_union' ? alternativeMeant(issue.errors) : undefined;
    if (meant !== undefined) {
      const inner = meant.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
      return problemsOfIssues(inner, document);
    }
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(location, key));
    const value = valueAt(document, location);
    return [located(location, issue.message, describeValue(value), hintFor(value, choicesOf(issue)))];
  });
}

export function problemsOfRules(rules: readonly BrokenRule[], document: unknown): LocatedProblem[] {
  return rules.map((rule) =>
    located(rule.path, rule.expected, rule.got ?? describeValue(valueAt(document, rule.path)), rule.hint),
  );
}

/** Of a value that may be a list or a map, what is wrong within the one that it is. */
function alternativeMeant(alternatives: readonly z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const within = alternatives.filter((issues) =>
    issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return within.length === 1 ? within[0] : undefined;
}

function located(location: Path, expected: string, got: string, hint?: string): LocatedProblem {
  return { path: pathText(location), expected, got, ...(hint === undefined ? {} : { hint }), location };
}

function unknownField(parent: Path, key: string): LocatedProblem {
  const known = knownFields(parent);
  const meant = nearest(key, known);
  const expected = `one of ${known.join(', ')}`;
  return located(
    [...parent, key],
    expected,
    'an unknown field',
    meant === undefined ? undefined : `did you mean ${meant}?`,
  );
}

interface SchemaNode {
  readonly properties?: Record<string, SchemaNode>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** Made once: it takes a millisecond, and a file may have thousands of unknown fields. */
let jsonSchema: SchemaNode | undefined;

function knownFields(parent: Path): string[] {
  jsonSchema ??= z.toJSONSchema(manifestSchema, { io: 'input' }) as SchemaNode;
  let nodes: readonly SchemaNode[] = [jsonSchema];
  for (const key of parent) {
    nodes = nodes
      .flatMap(({ anyOf = [], ...node }) => [node, ...anyOf])
      .flatMap((node) => {
        const inner = typeof key === 'number' ? node.items : node.properties?.[key];
        return inner === undefined ? [] : [inner];
      });
  }
  return nodes
    .flatMap(({ properties, anyOf = [] }) => [{ properties }, ...anyOf])
    .flatMap((node) => Object.keys(node.properties ?? {}));
}

function choicesOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.filter((value) => typeof value === 'string');
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(choicesOf) : [];
}

function hintFor(value: unknown, choices: readonly string[]): string | undefined {
  const meant = typeof value === 'string' ? nearest(value, choices) : undefined;
  return meant === undefined ? undefined : `did you mean ${meant}?`;
}

/** `chatlio.widgets[0].key`, as a person would write it. */
function pathText(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
    '',
  );
}

function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    document,
  );
}

const SHOWN_LENGTH = 60;

/** What stands in the document, short enough for a line. */
function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value) ?? 'something unknown';
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}… (${text.length - 2} characters)` : text;
}
