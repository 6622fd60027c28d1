/** YAML text as plain data, with the line of every field, and with bounds on what a hostile file can cost. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Path } from './problems.js';

/** A manifest has some thirty lines; a file this large is something else. */
export const MAX_MANIFEST_BYTES = 256 * 1024;
/** Guards against the "billion laughs": aliases that multiply each other. */
const MAX_ALIAS_COUNT = 64;

interface YamlFault {
  readonly message: string;
  readonly line?: number;
}

export type YamlResult =
  | { readonly ok: true; readonly value: unknown; readonly lineOf: (path: Path) => number | undefined }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

export function readYaml(text: string): YamlResult {
  if (Buffer.byteLength(text) > MAX_MANIFEST_BYTES) {
    return { ok: false, faults: [{ message: `it is larger than ${MAX_MANIFEST_BYTES / 1024} KiB` }] };
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const faults = [...document.errors, ...document.warnings].map((fault) => ({
      message: PLAINER[fault.code] ?? fault.message,
      line: lines.linePos(fault.pos[0]).line,
    }));
    if (faults.length > 0) return { ok: false, faults };
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    const lineOf = (path: Path): number | undefined => {
      const offset = offsetOf(document.contents, path);
      return offset === undefined ? undefined : lines.linePos(offset).line;
    };
    return { ok: true, value, lineOf };
  } catch (error) {
    // ReferenceError: aliases that multiply. RangeError: nesting deeper than the stack.
    const message = error instanceof ReferenceError ? 'its aliases multiply too much' : 'it is nested too deeply';
    return { ok: false, faults: [{ message }] };
  }
}

/** What a person can use of the messages that speak to programmers. */
const PLAINER: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'it holds several YAML documents (a line of three hyphens starts another one)',
  RESOURCE_EXHAUSTION: 'it is nested too deeply',
  DUPLICATE_KEY: 'the field stands there twice',
};

/** Where the field stands; of a field that is missing, where its nearest ancestor stands. */
function offsetOf(root: unknown, path: Path): number | undefined {
  let node = root;
  let offset = startOf(root);
  for (const key of path) {
    if (isAlias(node)) return offset;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key];
      offset = startOf(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
