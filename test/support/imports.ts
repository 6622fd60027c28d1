/** Who imports whom in this project, read from its files: for the tests of its architecture. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Import {
  readonly from: string;
  /** Path in the project for a relative import, else the package. */
  readonly to: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Static and dynamic imports and re-exports. The formatter keeps them in shapes that this reads. */
const IMPORT = /^(?:import|export)\s+(type\s)?[^'";]*?from\s*'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm;

export function filesOf(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

export function importsOf(folder: string): Import[] {
  return filesOf(folder).flatMap((from) =>
    [...readFileSync(join(ROOT, from), 'utf8').matchAll(IMPORT)].map((match) => {
      const specifier = match[2] ?? match[3] ?? match[4] ?? '';
      const to = specifier.startsWith('.') ? relative(ROOT, join(ROOT, dirname(from), specifier)) : specifier;
      return { from, to, specifier, typeOnly: match[1] !== undefined };
    }),
  );
}

export const isRelative = ({ specifier }: Import): boolean => specifier.startsWith('.');

/** The file that an import of our own names, which after the build is a `.js`. */
export const fileOf = ({ to }: Import): string => to.replace(/\.js$/, '.ts');

export const readable = ({ from, to }: Import): string => `${from} imports ${to}`;

/**
 * Groups whose members all lead to one another, and so cannot be told apart by what they may know.
 *
 * @param arrows from each name to those it imports
 */
export function circlesIn(arrows: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const reached = new Map([...arrows.keys()].map((name) => [name, reachedFrom(arrows, name)]));
  const circles = [...reached].flatMap(([name, others]) =>
    others.has(name) ? [[...others].filter((other) => reached.get(other)?.has(name) === true).sort()] : [],
  );
  return [...new Map(circles.map((circle) => [circle.join(), circle])).values()];
}

function reachedFrom(arrows: ReadonlyMap<string, ReadonlySet<string>>, name: string): Set<string> {
  const reached = new Set(arrows.get(name));
  for (const one of reached) for (const next of arrows.get(one) ?? []) reached.add(next);
  return reached;
}
