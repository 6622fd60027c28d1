/** Rules on the rows of a mapping: between them, and between a row and what Data Prep and an event have. */
import { faultOfExpression } from '../../dataprep/check.js';
import { isNothingBut, NEEDED_ROWS, rowLine } from '../../dataprep/needed.js';
import { readsOf } from '../../dataprep/reads.js';
import { at, type BrokenRule, isMap, list, repeated } from '../document.js';
import { CONTENTS } from '../../domain/projection/projection.js';
import { TENANT, XDM_PATH, type XdmChoice } from '../../domain/source/xdm/xdmFields.js';
import { XDM_TYPE_NAMES, type XdmField } from '../../domain/source/xdm/xdmTypes.js';
import { destinationsIn, fullDestination, NEEDED_DESTINATIONS } from '../mapping.js';
import { nearest } from '../suggestion.js';
import { type WrittenRow, writtenRow } from './written.js';
import { type FindUnknown, unknownInCutForm, unknownInOriginal } from './names.js';

/** The rows as they stand in a document, and where: `mapping` is their list, or has it as `rows`. */
export function rowsWritten(document: unknown): {
  readonly rows: readonly unknown[];
  readonly path: readonly string[];
} {
  const path = isMap(at(document, 'mapping')) ? ['mapping', 'rows'] : ['mapping'];
  return { rows: list(document, ...path), path };
}

export function mappingRules(document: unknown): BrokenRule[] {
  const { rows, path } = rowsWritten(document);
  const destinations = rows.map(destinationOf);
  const findUnknown = namesOf(document);
  const declared = at(document, 'mapping', 'reads');
  const isAnswered = Array.isArray(declared);
  const choice = choiceIn(document);
  const isProven = at(document, 'mapping', 'proof') !== 'none';
  return [
    ...destinationRules(rows, path, choice),
    ...repeated(destinations).map((index) => ({
      path: [...path, index, writtenRow(rows[index]).keys.destination],
      expected: 'each destination once',
    })),
    ...rows.flatMap((row, index) =>
      isMap(row)
        ? [
            ...rowRules(writtenRow(row), destinations[index], [...path, index], isProven),
            ...sourceRules(writtenRow(row), [...path, index], findUnknown),
            ...expressionRules(writtenRow(row), [...path, index], isAnswered, findUnknown),
          ]
        : [],
    ),
    ...(isProven && isWithoutDefaults(document) ? lackingRules(destinations, path) : []),
    ...(isProven ? [] : proofRules(document, rows)),
    ...(isAnswered ? declared : []).flatMap((read: unknown, index): BrokenRule[] => {
      const unknown = typeof read === 'string' ? findUnknown(read) : undefined;
      return unknown === undefined ? [] : [{ path: ['mapping', 'reads', index], ...unknown }];
    }),
  ];
}

/** Whether only the rows that are written are mapped. */
export function isWithoutDefaults(document: unknown): boolean {
  return at(document, 'mapping', 'defaults') === false;
}

/** In full, of a row that names one. */
export function destinationOf(row: unknown): string | undefined {
  const { destination } = writtenRow(row);
  return typeof destination === 'string' ? fullDestination(destination) : undefined;
}

/** Each where it would be added, with the line to add. */
function lackingRules(destinations: readonly (string | undefined)[], path: readonly string[]): BrokenRule[] {
  return NEEDED_ROWS.filter(({ destination }) => !destinations.includes(destination)).map((row, place) => ({
    path: [...path, destinations.length + place],
    expected: neededText(row),
    hint: `add the line \`${rowLine(row)}\``,
  }));
}

/** `proof: none` is for rows that leave no other choice, and for sources that keep what they have not proved. */
function proofRules(document: unknown, rows: readonly unknown[]): BrokenRule[] {
  const path = ['mapping', 'proof'];
  if (at(document, 'contents') === undefined) {
    return [{ path, expected: '`contents` beside it', got: 'no `contents`' }];
  }
  const isFilled = ({ destination, source }: (typeof NEEDED_ROWS)[number]): boolean => {
    const row = rows.find((one) => destinationOf(one) === destination);
    return row === undefined ? !isWithoutDefaults(document) : isNothingBut(givenBy(writtenRow(row)), source);
  };
  if (!NEEDED_ROWS.every(isFilled)) return [];
  return [{ path, expected: 'no `proof`: the rows fill `_id` and `timestamp` as they must', got: 'none' }];
}

function givenBy({ source, expression }: WrittenRow): Parameters<typeof isNothingBut>[0] {
  return typeof source === 'string'
    ? { sourceType: 'ATTRIBUTE', source }
    : { sourceType: 'EXPRESSION', source: typeof expression === 'string' ? expression : '' };
}

function neededText({ destination, source }: (typeof NEEDED_ROWS)[number]): string {
  return `${destination} filled from ${source}, ${WHY[destination]}`;
}

function rowRules(
  row: WrittenRow,
  destination: string | undefined,
  path: (string | number)[],
  isProven: boolean,
): BrokenRule[] {
  const { source, expression, destination: spelling, keys } = row;
  if (spelling === undefined) return [{ path: [...path, 'destination'], expected: 'a field of the XDM schema' }];
  if (source === undefined && expression === undefined) {
    return [{ path, expected: '`source` or `expression`', got: 'neither' }];
  }
  if (source !== undefined && expression !== undefined) {
    return [{ path, expected: 'either `source` or `expression`', got: 'both' }];
  }
  const written = source === undefined ? keys.expression : keys.source;
  if (source === false && destination !== '_id' && NEEDED_DESTINATIONS.some((needed) => needed === destination)) {
    return [{ path: [...path, 'source'], expected: `${destination} to be filled: every ExperienceEvent needs it` }];
  }
  const needed = NEEDED_ROWS.find((one) => one.destination === destination);
  if (needed === undefined || !isProven) return [];
  if (source !== false && isNothingBut(givenBy(row), needed.source)) return [];
  return [{ path: [...path, written], expected: neededText(needed), hint: `write \`${rowLine(needed)}\`` }];
}

const WHY = {
  _id: 'by which a second copy is recognised',
  timestamp: 'by which it is looked for',
} as const satisfies Record<(typeof NEEDED_ROWS)[number]['destination'], string>;

/** A manifest that does not say what is kept is of a source whose events are cut when they are taken. */
function namesOf(document: unknown): FindUnknown {
  return at(document, 'contents') === undefined ? unknownInCutForm : unknownInOriginal;
}

/** What decides which fields there are, as far as it is written well. */
export function choiceIn(document: unknown): XdmChoice {
  const contents = CONTENTS.find((one) => one === at(document, 'contents'));
  const fields = list(document, 'xdm', 'fields').flatMap((field): XdmField[] => {
    const [path, type] = [at(field, 'path'), XDM_TYPE_NAMES.find((one) => one === at(field, 'type'))];
    return typeof path === 'string' && XDM_PATH.test(path) && type !== undefined ? [{ path, type, title: path }] : [];
  });
  return { ...(contents === undefined ? {} : { contents }), xdm: { fields } };
}

function destinationRules(rows: readonly unknown[], path: readonly string[], choice: XdmChoice): BrokenRule[] {
  const { has, all } = destinationsIn(choice);
  const ofWholeChats = destinationsIn({ ...choice, contents: 'full' });
  return rows.flatMap((row, index): BrokenRule[] => {
    const { destination, keys } = writtenRow(row);
    if (typeof destination !== 'string' || has(destination)) return [];
    const meant = nearest(destination.replace(TENANT, ''), all);
    const hint = ofWholeChats.has(destination)
      ? '`contents: full` makes it'
      : meant === undefined
        ? undefined
        : `did you mean ${meant}?`;
    return [
      {
        path: [...path, index, keys.destination],
        expected: 'a field of the XDM schema',
        ...(hint === undefined ? {} : { hint }),
      },
    ];
  });
}

function sourceRules({ source, keys }: WrittenRow, path: (string | number)[], findUnknown: FindUnknown): BrokenRule[] {
  const unknown = typeof source === 'string' ? findUnknown(source) : undefined;
  if (unknown === undefined) return [];
  const { expected, hint } = unknown;
  return [
    {
      path: [...path, keys.source],
      expected: `${expected}, or false to drop the row`,
      ...(hint === undefined ? {} : { hint }),
    },
  ];
}

/** @param isAnswered the manifest says what the rows read that cannot be read here */
function expressionRules(
  { expression: source, keys }: WrittenRow,
  path: (string | number)[],
  isAnswered: boolean,
  findUnknown: FindUnknown,
): BrokenRule[] {
  if (typeof source !== 'string') return [];
  const here = [...path, keys.expression];
  const found = readsOf([{ sourceType: 'EXPRESSION', source, destination: '' }]);
  if ('unreadable' in found && isAnswered) return [];
  const fault = faultOfExpression(source);
  if (fault !== undefined) {
    const { expected, got, unknown } = fault;
    const meant = unknown === undefined ? undefined : nearest(unknown.name, unknown.known);
    return [{ path: here, expected, got, ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }) }];
  }
  const reads = 'reads' in found ? found.reads : [];
  return reads.flatMap((read): BrokenRule[] => {
    const unknown = findUnknown(read);
    return unknown === undefined ? [] : [{ path: here, ...unknown }];
  });
}
