/** Objects and lists that Chatlio sends as the JSON of them, in a text: traits. */
import { scanJson } from '../chatlio/scanJson.js';

/** Undefined: it is none, or one that would cost too much to read. */
export function objectIn(text: string): object | undefined {
  if (!/^\s*[{[]/.test(text) || scanJson(Buffer.from(text)).refusal !== undefined) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
