/** The door of this folder: a manifest from a file, from text, or from data. */
import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import { codedError, type Problem } from '../domain/errors.js';
import type { Manifest } from '../domain/source/manifest.js';
import { withDefaults } from './defaults.js';
import { isMap } from './document.js';
import { type LocatedProblem, type Path, problemsOfIssues, problemsOfRules } from './problems.js';
import { brokenRules } from './relations.js';
import { manifestSchema } from './schema.js';
import { MAX_MANIFEST_BYTES, readYaml } from './yaml.js';

export type ParsedManifest =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Checks a manifest that is data already, and fills in the defaults.
 *
 * @returns the manifest, or every problem at once; of very many the first
 */
export function parseManifest(document: unknown): ParsedManifest {
  const parsed = parse(document, () => undefined);
  return parsed.ok ? parsed : { ...parsed, problems: shown(parsed.problems) };
}

/**
 * Reads a manifest from YAML text.
 *
 * @param text at most 256 KiB of YAML 1.2
 * @param file how messages name it
 * @param unsaid what counts where the text says nothing of it
 * @throws CodedError `CAEP_MANIFEST_UNREADABLE` when it is no YAML, `CAEP_MANIFEST_INVALID` with every problem, its
 *   path, line, what was expected, what was got and, where there is one, a hint
 * @example
 * const file = 'examples/support-chat.yaml';
 * assert.equal(readManifest(readFileSync(file, 'utf8'), file).name, 'support-chat');
 */
export function readManifest(text: string, file: string, unsaid: Unsaid = {}): Manifest {
  const yaml = readYaml(text);
  if (!yaml.ok) {
    const [first] = yaml.faults;
    const reason =
      first === undefined ? 'no YAML' : `${first.line === undefined ? '' : `line ${first.line}: `}${first.message}`;
    const others = yaml.faults.length > 1 ? ` (and ${yaml.faults.length - 1} more)` : '';
    throw codedError('CAEP_MANIFEST_UNREADABLE', { file, reason: `${reason}${others}` });
  }
  const parsed = parse(withUnsaid(yaml.value, unsaid), yaml.lineOf);
  if (parsed.ok) return parsed.manifest;
  const { problems } = parsed;
  throw codedError('CAEP_MANIFEST_INVALID', { file, count: String(problems.length) }, { problems: shown(problems) });
}

/**
 * Reads a manifest from a file.
 *
 * @throws CodedError as {@link readManifest}, and `CAEP_MANIFEST_UNREADABLE` for a file that cannot be opened
 */
export async function readManifestFile(file: string): Promise<Manifest> {
  return readManifest(await readManifestText(file), file);
}

/** @throws CodedError `CAEP_MANIFEST_UNREADABLE` for a file that cannot be opened */
export async function readManifestText(file: string): Promise<string> {
  // One byte over the bound is enough to refuse it: a file may also be endless.
  return text(createReadStream(file, { end: MAX_MANIFEST_BYTES })).catch((cause: NodeJS.ErrnoException) => {
    const reason = READ_FAULTS[cause.code ?? ''] ?? cause.message;
    throw codedError('CAEP_MANIFEST_UNREADABLE', { file, reason }, { cause });
  });
}

/** What a manifest may leave open, and what then depends on the source: one of 0.1.x goes on as it is. */
export type Unsaid = Pick<Manifest, 'contents'>;

function withUnsaid(document: unknown, { contents }: Unsaid): unknown {
  if (contents === undefined || !isMap(document) || document['contents'] !== undefined) return document;
  return { ...document, contents };
}

const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'the file may not be read',
};

function parse(document: unknown, lineOf: (path: Path) => number | undefined): ParsedManifest {
  const parsed = manifestSchema.safeParse(document);
  const found = [
    ...problemsOfIssues(parsed.success ? [] : parsed.error.issues, document),
    ...problemsOfRules(brokenRules(document), document),
  ];
  if (parsed.success && found.length === 0) return { ok: true, manifest: withDefaults(parsed.data) };
  const problems = firstOfEachPath(found).map(({ location, ...problem }) => {
    const line = lineOf(location);
    return line === undefined ? problem : { ...problem, line };
  });
  return { ok: false, problems: problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) };
}

/** A field that breaks several bounds is one problem to a person. */
function firstOfEachPath(problems: readonly LocatedProblem[]): LocatedProblem[] {
  const first = new Map<string, LocatedProblem>();
  for (const problem of problems) if (!first.has(problem.path)) first.set(problem.path, problem);
  return [...first.values()];
}

/** Of very many the first: a person mends them one after the other. */
const MAX_SHOWN = 100;

function shown(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= MAX_SHOWN) return problems;
  const more = { path: '', expected: 'a manifest', got: `${problems.length - MAX_SHOWN} more problems` };
  return [...problems.slice(0, MAX_SHOWN), more];
}
