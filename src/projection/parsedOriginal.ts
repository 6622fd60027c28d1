import { type ChatlioBody, isObject } from '../chatlio/payloads.js';

/** @returns undefined for what is no JSON object */
export function parsedOriginal(original: Buffer): ChatlioBody | undefined {
  try {
    const body: unknown = JSON.parse(original.toString('utf8').replace(/^\uFEFF/, ''));
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}
