/** "Did you mean": the known word nearest to an unknown one. */

/**
 * @returns the nearest candidate, or undefined when none is near enough to be meant
 *   (at most a third of the word may differ, compared without case and punctuation)
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(word);
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate));
    if (best === undefined || distance < best.distance) best = { candidate, distance };
  }
  const tolerated = Math.max(1, Math.floor(wanted.length / 3));
  return best !== undefined && best.distance <= tolerated ? best.candidate : undefined;
}

/** Longer words are cut: a suggestion for them is not worth the quadratic time. */
const COMPARED_LENGTH = 64;

function plain(word: string): string {
  return word
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(0, COMPARED_LENGTH);
}

/** Levenshtein distance, by rows. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min((previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substituted));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}
