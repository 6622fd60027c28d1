/** A live source is given another manifest with the command line, under load and kills, as a person does it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ForwardedSource } from '../source.js';
import type { SourceUpdate } from '../updates.js';

const UPDATED_WITHIN_MS = 240_000;
const AGAIN_AFTER_MS = 500;

/** @returns the file that a person hands to `update` */
export async function writeManifest(
  home: string,
  source: Pick<ForwardedSource, 'document'>,
  { manifest }: SourceUpdate,
): Promise<string> {
  const file = join(home, 'update.yaml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ ...source.document, ...manifest }));
  return file;
}

/**
 * Where the error says that the same call may succeed later, or to run it again, the same command: it was not begun. Nothing else:
 * one that is held by kills and faults is a failure of the run.
 *
 * @param command one command of the product; resolves with what is wrong
 * @returns codes of the errors that were met, in their order
 * @throws Error with an error that says anything else, or when it does not come to its end
 */
export async function updateAsTold(
  command: (args: readonly string[]) => Promise<readonly string[]>,
  file: string,
): Promise<string[]> {
  const deadline = performance.now() + UPDATED_WITHIN_MS;
  const met: string[] = [];
  for (;;) {
    const [failure] = await command(['--output', 'json', 'update', file]);
    if (failure === undefined) return met;
    const { code, again } = adviceOf(failure);
    if (!again) throw new Error(`the update tells nobody to go on: ${failure}`);
    met.push(code);
    if (performance.now() > deadline)
      throw new Error(`the update does not come to its end: ${met.join(', ')}; ${failure}`);
    await delay(AGAIN_AFTER_MS);
  }
}

interface Advice {
  readonly code: string;
  readonly again: boolean;
}

function adviceOf(failure: string): Advice {
  const code = /"code":"(CAEP_\w+)"/.exec(failure)?.[1] ?? '';
  const isHeld = failure.includes('`chatlio-aep resume');
  const again = failure.includes('"retryable":true') || failure.includes('`chatlio-aep update FILE`');
  return { code, again: again && !isHeld };
}
