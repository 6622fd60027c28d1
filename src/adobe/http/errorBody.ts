/** Reads the families of Adobe's error bodies into one shape, and never assumes JSON. */
import type { AdobeError } from '../../domain/errors.js';
import type { RawAnswer } from './exchange.js';
import { mask } from './mask.js';

/** Of an answer of no known family, this much is kept. */
const RAW_PREFIX_BYTES = 512;
const LONGEST_TEXT = 1_000;

type Json = Readonly<Record<string, unknown>>;

/**
 * | family | discriminating fields |
 * | --- | --- |
 * | gateway | `error_code`, `message` |
 * | IMS | `error`, `error_description` |
 * | Flow Service, Schema Registry | `type` ending in `/errors/FLOW-NNNN-SSS` or `/errors/XDM-NNNN-SSS`, `title`, `report` |
 * | Flow Service, older | `errorMessage` |
 * | placeholder problem | `type: "/placeholder/type/uri"`, `title`, `detail` |
 * | data-collection problem | `type` under `/adobecloud/problem/`, `title`, `report.message` |
 * | Catalog | `errors: […]` |
 */
export function readErrorBody(service: string, answer: RawAnswer, secrets: readonly string[]): AdobeError {
  const text = answer.body.toString('utf8');
  const body = parseObject(text);
  const said = body === undefined ? {} : saidBy(body);
  const report = objectIn(body, 'report');
  const requestId =
    textIn(answer.headers, 'x-request-id') ??
    textIn(report, 'request-id') ??
    textIn(report, 'registryRequestId') ??
    textIn(body, 'requestId') ??
    textIn(body, 'x-request-id');
  const known = said.code !== undefined || said.title !== undefined || said.detail !== undefined;
  return {
    service,
    httpStatus: answer.status,
    ...defined({ code: said.code, title: said.title, detail: said.detail, requestId }, secrets),
    ...(known || text.trim() === '' ? {} : { raw: rawPrefix(text, secrets) }),
  };
}

/** Masked as a whole before it is cut, so that no half of a secret stays. */
function rawPrefix(text: string, secrets: readonly string[]): string {
  return Buffer.from(mask(text, secrets)).subarray(0, RAW_PREFIX_BYTES).toString('utf8');
}

function saidBy(body: Json): { code?: string; title?: string; detail?: string } {
  const report = objectIn(body, 'report');
  const codeInType = /\/errors\/((?:[A-Z]+-)?\d{3,5}-\d{3})\b/.exec(textIn(body, 'type') ?? '')?.[1];
  return {
    code: textIn(body, 'error_code') ?? codeInType ?? textIn(body, 'error') ?? textIn(body, 'code'),
    title: textIn(body, 'title'),
    detail:
      textIn(body, 'detail') ??
      textIn(body, 'errorMessage') ??
      textIn(body, 'error_description') ??
      textIn(report, 'detailed-message') ??
      textIn(report, 'message') ??
      textIn(body, 'message') ??
      firstOf(body['errors']),
  };
}

function firstOf(errors: unknown): string | undefined {
  if (!Array.isArray(errors) || errors.length === 0) return undefined;
  const first: unknown = errors[0];
  if (typeof first === 'string') return first;
  return textIn(Object(first) as Json, 'message') ?? JSON.stringify(first);
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function objectIn(body: Json | undefined, key: string): Json | undefined {
  const value = body?.[key];
  return typeof value === 'object' && value !== null ? (value as Json) : undefined;
}

function textIn(body: Json | undefined, key: string): string | undefined {
  const value = body?.[key];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function defined(
  fields: Readonly<Record<string, string | undefined>>,
  secrets: readonly string[],
): Partial<AdobeError> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, mask(value, secrets).slice(0, LONGEST_TEXT)]],
    ),
  );
}
