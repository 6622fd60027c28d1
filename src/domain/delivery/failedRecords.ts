/** Records that Adobe refused after the inlet had accepted them: why, in plain words. Pure. Nothing here repeats a value of a record. */
import type { ExceptionReason } from '../exceptions/exceptions.js';
import type { ExceptionState } from '../exceptions/heldEvents.js';
import type { Kind } from '../events/kinds.js';
import { isAdobeCode, type RunView } from './flowRuns.js';

export interface RecordError {
  /** Adobe's. */
  readonly code?: string;
  readonly explanation: string;
  /** Of the schema, as a mapping writes it. Its name alone. */
  readonly field?: string;
}

export interface FailedRecordView {
  readonly batchId: string;
  /** 64 hexadecimal digits. Absent where the record does not tell: of some, Adobe keeps the errors alone. */
  readonly eventId?: string;
  /** The source has taken an event of this id. */
  readonly isOurs: boolean;
  readonly kind?: Kind;
  /** `held show` tells more by its number. */
  readonly exception?: { readonly id: number; readonly reason: ExceptionReason; readonly state: ExceptionState };
  readonly errors: readonly RecordError[];
}

export interface RunDetails {
  readonly v: 1;
  readonly run: RunView;
  /** At most {@link MAX_FAILED_RECORDS}. */
  readonly records: readonly FailedRecordView[];
  /** So many more have failed, as far as is known. */
  readonly more: number;
  /** The run names no batch: the records are of those that failed in its time, and may be of a run beside it. */
  readonly byTime?: boolean;
  /** Batches with lines that are no records. */
  readonly unreadable?: readonly string[];
  /** Adobe's words of each record, in their order, as JSON, for the one who asked to see them. */
  readonly sealedWords?: string;
}

export const MAX_FAILED_RECORDS = 20;

type FailedRecord = Readonly<Record<string, unknown>>;

const MAX_ERRORS = 5;

/** What is wrong with a record, without what it says: Adobe's messages may quote values. */
export function explainedErrors({ _errors, _validationErrors }: FailedRecord): RecordError[] {
  const groups = isObject(_errors) ? Object.entries(_errors) : [['', _errors] as const];
  const errors = [
    ...groups.flatMap(([group, entries]) => objectsIn(entries).map((entry) => ofGroup(group, entry))),
    ...objectsIn(_validationErrors).flatMap(violationsIn).map(ofViolation),
  ];
  const distinct = new Map(errors.map((error) => [JSON.stringify(error), error]));
  return distinct.size === 0 ? [{ explanation: NO_REASON }] : [...distinct.values()].slice(0, MAX_ERRORS);
}

const NO_REASON = 'Adobe gives no reason';

/** By the beginning of a code; the longest that fits. */
const BY_CODE: readonly (readonly [string, string])[] = [
  ['MAPPER-', 'the mapping could not be applied to it'],
  ['DCVS-1101', 'null stands where the schema takes a text'],
  ['DCVS-1104', 'a value has another type than its field'],
  ['DCVS-1105', 'a value does not have the format of its field'],
  ['DCVS-1106', 'a value is none of those that its field takes'],
  ['DCVS-1111', 'a field that the schema requires is missing'],
  ['DCVS-', 'what the mapping made of it does not fit the schema'],
  ['INGEST-', 'ingestion could not write it to the dataset'],
  ['CONNECTOR-', "Adobe's own connector failed"],
];

const BY_GROUP: Readonly<Record<string, string>> = {
  _mapper: 'the mapping could not be applied to it',
  _streamingValidation: 'the message does not have the form that the flow takes',
  _ingestion: 'ingestion could not write it to the dataset',
};

const BY_KEYWORD: Readonly<Record<string, string>> = {
  required: 'a field that the schema requires is missing',
  type: 'a value has another type than its field',
  format: 'a value does not have the format of its field',
  enum: 'a value is none of those that its field takes',
  const: 'a value is not the one that its field takes',
  pattern: 'a text does not match the pattern of its field',
  minLength: 'a text is shorter than its field takes; an empty one counts as too short',
  maxLength: 'a text is longer than its field takes',
  minimum: 'a number is below what its field takes',
  maximum: 'a number is above what its field takes',
  minItems: 'a list has fewer members than its field takes',
  maxItems: 'a list has more members than its field takes',
  additionalProperties: 'it has a field that the schema does not have',
};

function ofGroup(group: string, entry: FailedRecord): RecordError {
  const code = codeIn(entry);
  return { ...(code === undefined ? {} : { code }), explanation: wordsOf(code) ?? own(BY_GROUP, group) ?? REFUSED };
}

const REFUSED = 'Adobe refused it';

function ofViolation(violation: FailedRecord): RecordError {
  const code = codeIn(violation);
  const keyword = typeof violation['keyword'] === 'string' ? violation['keyword'] : '';
  const field = fieldOf(violation);
  return {
    ...(code === undefined ? {} : { code }),
    explanation: own(BY_KEYWORD, keyword) ?? wordsOf(code) ?? 'what the mapping made of it does not fit the schema',
    ...(field === undefined ? {} : { field }),
  };
}

/** An outer violation only counts those that have caused it. */
function violationsIn(violation: FailedRecord): FailedRecord[] {
  const inner = objectsIn(violation['causingExceptions']);
  return inner.length === 0 ? [violation] : inner.flatMap(violationsIn);
}

function codeIn({ code }: FailedRecord): string | undefined {
  return typeof code === 'string' && isAdobeCode(code) ? code : undefined;
}

function wordsOf(code: string | undefined): string | undefined {
  const fitting = BY_CODE.filter(([beginning]) => code?.startsWith(beginning) === true);
  return fitting.toSorted(([a], [b]) => b.length - a.length)[0]?.[1];
}

function own(words: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** `#/_acme/rating`. What has another form may be a text. */
const POINTER = /^#(?:\/[\w$:-]{1,80}){0,12}$/;
const MISSING_KEY = /^required key \[([\w$:-]{1,80})\] not found$/;

function fieldOf({ pointerToViolation: pointer, message }: FailedRecord): string | undefined {
  if (typeof pointer !== 'string' || !POINTER.test(pointer)) return undefined;
  const missing = typeof message === 'string' ? MISSING_KEY.exec(message)?.[1] : undefined;
  const path = [...pointer.split('/').slice(1), ...(missing === undefined ? [] : [missing])];
  return path.length === 0 ? undefined : path.join('.');
}

const EVENT_ID = /^[0-9a-f]{64}$/;
const SOME_ID = /\b[0-9a-f]{64}\b/;

/** Ours carry the id as `_id` or `eventId`; wherever it stands, 64 hexadecimal digits are nothing else. */
export function eventIdOf(record: FailedRecord): string | undefined {
  const named = [record['_id'], record['eventId']].find((id) => typeof id === 'string' && EVENT_ID.test(id));
  return typeof named === 'string' ? named : SOME_ID.exec(JSON.stringify(record))?.[0];
}

function isObject(value: unknown): value is FailedRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectsIn(value: unknown): FailedRecord[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
