/** No arrow of the picture of imports runs up, inside the rooms too (ARCHITECTURE.md, "Rooms"), and no folder is a long row of files. */
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { circlesIn, fileOf, filesOf, type Import, importsOf, isRelative } from './support/imports.js';

const FOLDERS = ['src', 'simulator', 'cluster', 'bench', 'chaos', 'scripts'];
const own = FOLDERS.flatMap(importsOf).filter(isRelative);
const folders = new Set(FOLDERS.flatMap(filesOf).map(dirname));

function arrowsBetween(imports: readonly Import[], place: (file: string) => string): Map<string, Set<string>> {
  const arrows = new Map<string, Set<string>>();
  for (const one of imports) {
    const [from, to] = [place(one.from), place(fileOf(one))];
    if (from !== to) arrows.set(from, (arrows.get(from) ?? new Set()).add(to));
  }
  return arrows;
}

/** A folder without folders in it stands for its files; what lies beside folders stands for itself, such as a room's wiring. */
function placeOf(file: string): string {
  const folder = dirname(file);
  return [...folders].some((other) => other.startsWith(`${folder}/`)) ? file : folder;
}

describe('circles of imports', () => {
  it('are found where there are some', () => {
    const to = (...names: string[]) => new Set(names);
    const arrows = new Map([
      ['a', to('b')],
      ['b', to('c')],
      ['c', to('b', 'd')],
    ]);
    expect(circlesIn(arrows)).toEqual([['b', 'c']]);
  });

  it('do not exist between files, not even of types', () => {
    const arrows = arrowsBetween(own, (file) => file);
    expect([...(arrows.get('src/store/prepare.ts') ?? [])]).toContain('src/store/migrate.ts');
    expect(circlesIn(arrows)).toEqual([]);
  });

  it('do not exist between folders: of two, one does not need the other in order to run', () => {
    const arrows = arrowsBetween(
      own.filter(({ typeOnly }) => !typeOnly),
      placeOf,
    );
    expect([...(arrows.get('src/store/delivery') ?? [])]).toContain('src/store/exceptions');
    expect(circlesIn(arrows)).toEqual([]);
  });
});

describe('folders', () => {
  it('hold about a dozen files', () => {
    const counts = new Map<string, number>();
    for (const file of FOLDERS.flatMap(filesOf)) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    const long = [...counts].filter(([, count]) => count > 14);
    expect(long).toEqual([]);
  });
});
