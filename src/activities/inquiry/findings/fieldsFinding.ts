/** What `doctor` says of what leaves: fields that Chatlio sends and nobody stores, and what the contents of sources mean. */
import { WITHOUT_PROOF } from '../../../domain/exceptions/proof.js';
import { oneLine } from '../../../domain/printable.js';
import { contentsLine } from '../../../domain/projection/contents.js';
import { CONTENTS, type Contents } from '../../../domain/projection/projection.js';
import type { Finding } from '../../../domain/source/plan.js';

const NAMED = 5;

export function fieldsFindings(
  sources: readonly { readonly source: string; readonly names: readonly string[] }[],
): readonly Finding[] {
  if (sources.length === 0)
    return [{ check: 'fields', state: 'ok', detail: 'no field has arrived that the mapping does not read' }];
  return sources.map(({ source, names }) => {
    const rest = names.length - NAMED;
    const shown = names.slice(0, NAMED).map((name) => oneLine(name));
    const detail = `no row of the mapping reads ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}: \`chatlio-aep status ${source}\` says what to add`;
    return { check: `fields of ${source}`, state: 'warning', detail };
  });
}

/** Sources whose events cannot be looked for in the lake. */
export function proofFindings(
  sources: readonly { readonly source: string; readonly proof: 'none' | null }[],
): readonly Finding[] {
  return sources
    .filter(({ proof }) => proof === 'none')
    .map(({ source }) => ({ check: `proof of ${source}`, state: 'warning', detail: WITHOUT_PROOF }));
}

/** One line for each of the contents that sources have. */
export function contentsFindings(
  sources: readonly { readonly source: string; readonly contents: Contents }[],
): readonly Finding[] {
  return CONTENTS.flatMap((contents): Finding[] => {
    const names = sources.filter((one) => one.contents === contents).map(({ source }) => source);
    if (names.length === 0) return [];
    const rest = names.length - NAMED;
    const shown = `${names.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
    return [{ check: `contents ${contents}`, state: 'ok', detail: `${shown}. ${contentsLine(contents)}` }];
  });
}
