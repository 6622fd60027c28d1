/** YAML text as plain data, with the line of every field, and with bounds on what a hostile file can cost. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Path } from './problems.js';

/** A manifest has some thirty lines; a file this large is something else. */
export const MAX_MANIFEST_BYTES = 256 * 1024;
/** Words, marks and line ends. Some hundred widgets have ten thousand; what a parser does for each costs much more than a byte. */
const MAX_TOKENS = 50_000;
/** Of brackets; a manifest needs three. */
const MAX_DEPTH = 64;
const TOO_DEEP = 'it is nested too deeply';
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
  const excess = excessOf(text);
  if (excess !== undefined) return { ok: false, faults: [{ message: excess }] };
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
    const faults = [
      ...[...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
        message: PLAINER[code] ?? message,
        line: lines.linePos(pos[0]).line,
      })),
      ...repeatedKeys(document).map((offset) => ({
        message: 'the field is there twice',
        ...(offset === undefined ? {} : { line: lines.linePos(offset).line }),
      })),
    ].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
    if (faults.length > 0) return { ok: false, faults };
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
    const pairsOf = createPairIndex();
    const lineOf = (path: Path): number | undefined => {
      const offset = offsetOf(document.contents, path, pairsOf);
      return offset === undefined ? undefined : lines.linePos(offset).line;
    };
    return { ok: true, value, lineOf };
  } catch (error) {
    // ReferenceError: aliases that multiply. RangeError: nesting deeper than the stack.
    const message = error instanceof ReferenceError ? 'its aliases expand to too much data' : TOO_DEEP;
    return { ok: false, faults: [{ message }] };
  }
}

/** What a person can use of the messages that speak to programmers. */
const PLAINER: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'it holds several YAML documents (a line of three hyphens starts another one)',
  RESOURCE_EXHAUSTION: TOO_DEEP,
};

/** Looked for in the words alone, which costs little whatever they say. */
function excessOf(text: string): string | undefined {
  let tokens = 0;
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (token === '[' || token === '{') depth += 1;
    if (token === ']' || token === '}') depth -= 1;
    if (depth > MAX_DEPTH) return TOO_DEEP;
    if (tokens > MAX_TOKENS) return 'it has more parts than a manifest can have';
  }
  return undefined;
}

/** The parser's own check compares each key with every other of its map. */
function repeatedKeys(document: Document): (number | undefined)[] {
  const repeated: (number | undefined)[] = [];
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) repeated.push(startOf(key));
        seen.add(name);
      }
    },
  });
  return repeated;
}

type PairIndex = (map: YAMLMap) => ReadonlyMap<string, Pair>;

/** A map of which many fields are asked for is read once. */
function createPairIndex(): PairIndex {
  const indexed = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();
  return (map) => {
    const known = indexed.get(map);
    if (known !== undefined) return known;
    const pairs = new Map(map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair]] : [])));
    indexed.set(map, pairs);
    return pairs;
  };
}

/** Where the field stands; of a field that is missing, where its nearest ancestor stands. */
function offsetOf(root: unknown, path: Path, pairsOf: PairIndex): number | undefined {
  let node = root;
  let offset = startOf(root);
  for (const key of path) {
    if (isAlias(node)) return offset;
    if (isMap(node)) {
      const pair = pairsOf(node).get(String(key));
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
